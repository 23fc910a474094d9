import type { IncomingMessage } from "node:http";
import type { ApiError } from "../errors.ts";
import { tooLarge } from "./refusals.ts";

/** How much of a body that was refused is still taken off the line, so that the answer is read before the line is cut. */
const mostDiscarded = 16 * 1024 * 1024;
const longestDiscardMs = 5_000;

/**
 * Collects a request's body up to `limit` bytes. `done` is called once, with the body or the reason to refuse it; not at
 * all when the connection breaks first, since then there is nobody to answer.
 */
export function readBody(request: IncomingMessage, limit: number, done: (body: Buffer | ApiError) => void): void {
  const declared = Number(request.headers["content-length"] ?? 0);
  if (declared > limit) {
    discardBody(request);
    return done(tooLarge(limit));
  }
  const chunks: Buffer[] = [];
  let size = 0;
  const take = (chunk: Buffer): void => {
    size += chunk.length;
    if (size <= limit) {
      chunks.push(chunk);
      return;
    }
    request.off("data", take).off("end", end);
    discardBody(request);
    done(tooLarge(limit));
  };
  const end = (): void => {
    const [only] = chunks;
    done(chunks.length === 1 && only ? only : Buffer.concat(chunks));
  };
  request.on("data", take).on("end", end);
  request.on("error", () => {
    // The connection broke while the body came: no beat was sent, nothing is owed.
  });
}

/** Reads and drops what is left of a body, within bounds: a sender that goes on beyond them is cut off. */
export function discardBody(request: IncomingMessage): void {
  let left = mostDiscarded;
  const cut = (): void => void request.socket.destroy();
  const timer = setTimeout(cut, longestDiscardMs).unref();
  request.on("data", (chunk: Buffer) => {
    left -= chunk.length;
    if (left < 0) cut();
  });
  request.on("close", () => clearTimeout(timer));
  request.on("error", () => {
    // Cut off, by the sender or by us: the answer is on its way or lost, and nothing was stored.
  });
}
