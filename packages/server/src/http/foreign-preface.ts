import { STATUS_CODES, type Server } from "node:http";
import type { Socket } from "node:net";
import type { Log } from "../log.ts";

/**
 * A gRPC exporter opens with the preface of HTTP/2, which is no request here. It is told what to use instead, and so is the log:
 * many exporters show little of what they were answered.
 */
export function answerForeignPreface(server: Server, log: Pick<Log, "warn">): void {
  let said = false;
  server.on("clientError", (error: NodeJS.ErrnoException, socket: Socket) => {
    if (!socket.writable) {
      socket.destroy();
      return;
    }
    if (error.code !== "HPE_PAUSED_H2_UPGRADE") return close(socket, statusOf(error.code), "");
    const address = socket.localPort === undefined ? "…" : `http://HOST:${socket.localPort}`;
    const words = `gRPC is not spoken here; use OTLP over HTTP (OTEL_EXPORTER_OTLP_PROTOCOL=http/protobuf), at ${address}/v1/traces`;
    if (!said) log.warn({}, `a client speaks HTTP/2, as gRPC exporters do: ${words}`);
    said = true;
    close(socket, 400, words);
  });
}

/** As node:http answers them when nobody listens. */
function statusOf(code: string | undefined): number {
  if (code === "HPE_HEADER_OVERFLOW") return 431;
  return code === "ERR_HTTP_REQUEST_TIMEOUT" ? 408 : 400;
}

function close(socket: Socket, status: number, words: string): void {
  const head = `HTTP/1.1 ${status} ${STATUS_CODES[status] ?? ""}\r\nConnection: close\r\n`;
  socket.end(
    words === ""
      ? `${head}\r\n`
      : `${head}Content-Type: text/plain\r\nContent-Length: ${Buffer.byteLength(words)}\r\n\r\n${words}`,
  );
}
