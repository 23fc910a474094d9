import http from "node:http";
import https from "node:https";

/** Where beats go. */
export interface Target {
  readonly url: URL;
  readonly key: string;
  /** For one try, from name look-up to the last byte. */
  readonly timeoutMs: number;
}

export type PostResult =
  | { readonly kind: "response"; readonly status: number; readonly body: unknown; readonly retryAfterMs: number | null }
  /** No complete answer: the server may or may not have counted the beat. */
  | { readonly kind: "failed"; readonly code: string; readonly staleSocket: boolean };

/** An answer is a few hundred bytes; more than this is somebody else's. */
const MAX_ANSWER_BYTES = 64 * 1024;

// Shared, so that agents with many names in one process do not hold a socket pool each.
const agents = { http: new http.Agent({ keepAlive: true }), https: new https.Agent({ keepAlive: true }) };

/** Also for who posts the last words of the process; see last-words.ts. */
export function headersOf({ key }: Target): Record<string, string> {
  return { "content-type": "application/json", authorization: `Bearer ${key}` };
}

/**
 * Posts one body; never rejects and keeps no process alive: who wants to wait for the outcome holds a timer of its own.
 * Redirects are not followed: the key goes nowhere but to the given address.
 */
export function post(target: Target, body: string): Promise<PostResult> {
  return new Promise((resolve) => {
    const secure = target.url.protocol === "https:";
    const request = (secure ? https : http).request(target.url, {
      method: "POST",
      agent: secure ? agents.https : agents.http,
      headers: { ...headersOf(target), "content-length": Buffer.byteLength(body) },
    });
    const fail = (code: string): void => {
      clearTimeout(deadline);
      const staleSocket = request.reusedSocket && (code === "ECONNRESET" || code === "EPIPE");
      resolve({ kind: "failed", code, staleSocket });
      request.destroy();
    };
    const deadline = setTimeout(fail, target.timeoutMs, "TIMEOUT").unref();
    request.on("socket", (socket) => void socket.unref());
    request.on("error", (error: NodeJS.ErrnoException) => fail(error.code ?? "ERROR"));
    request.on("response", (response) => {
      const pieces: Buffer[] = [];
      let size = 0;
      response.on("data", (piece: Buffer) => {
        size += piece.length;
        if (size > MAX_ANSWER_BYTES) fail("ANSWER_TOO_LARGE");
        else pieces.push(piece);
      });
      response.on("error", (error: NodeJS.ErrnoException) => fail(error.code ?? "ERROR"));
      response.on("end", () => {
        clearTimeout(deadline);
        const { statusCode: status = 0, headers } = response;
        const retryAfterMs = retryAfter(headers["retry-after"]);
        resolve({ kind: "response", status, body: parsed(Buffer.concat(pieces)), retryAfterMs });
      });
    });
    request.end(body);
  });
}

function parsed(bytes: Buffer): unknown {
  try {
    return JSON.parse(bytes.toString("utf8")) as unknown;
  } catch {
    // Not JSON, so not an answer of ours; the status alone decides.
    return null;
  }
}

/** Seconds only; a date in this header would trust two clocks to agree. */
function retryAfter(header: string | undefined): number | null {
  return header !== undefined && /^\d+$/u.test(header) ? Number(header) * 1000 : null;
}
