import { once } from "node:events";
import { connect } from "node:net";

/** Sends bytes as they are and gives all that comes back until the server closes, or until `enough` is satisfied. */
export async function rawRequest(
  port: number,
  parts: readonly (string | Buffer)[],
  enough: (answer: string) => boolean = () => false,
): Promise<string> {
  const socket = connect(port, "127.0.0.1");
  await once(socket, "connect");
  let answer = "";
  return new Promise((resolve, reject) => {
    const timer = setTimeout(() => {
      socket.destroy();
      reject(new Error(`no end after 20 s; so far: ${answer}`));
    }, 20_000);
    const end = (): void => {
      clearTimeout(timer);
      socket.destroy();
      resolve(answer);
    };
    socket.setEncoding("utf8");
    socket.on("data", (text: string) => {
      answer += text;
      if (enough(answer)) end();
    });
    // A server may close while more is being sent; what it said before that is what counts.
    socket.on("error", end);
    socket.on("close", end);
    for (const part of parts) socket.write(part);
  });
}
