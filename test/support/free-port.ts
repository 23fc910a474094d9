import { createServer, type AddressInfo } from "node:net";

/** A port that nothing listens on now. Somebody may take it in between; a fixed one would be taken more often. */
export async function freePort(): Promise<number> {
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const { port } = server.address() as AddressInfo;
  await new Promise((resolve) => server.close(resolve));
  return port;
}
