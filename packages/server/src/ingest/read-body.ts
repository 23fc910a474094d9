import type { IncomingMessage } from "node:http";
import { ApiError } from "../errors.ts";

/**
 * Collects a request's body up to `limit` bytes. `done` is called once, with the body or the reason to refuse it; not at
 * all when the connection breaks first, since then there is nobody to answer.
 */
export function readBody(request: IncomingMessage, limit: number, done: (body: Buffer | ApiError) => void): void {
  const declared = Number(request.headers["content-length"] ?? 0);
  if (declared > limit) return done(tooLarge(limit));
  const chunks: Buffer[] = [];
  let size = 0;
  let ended = false;
  request.on("data", (chunk: Buffer) => {
    size += chunk.length;
    if (size <= limit) chunks.push(chunk);
    else if (!ended) {
      ended = true;
      done(tooLarge(limit));
    }
  });
  request.on("end", () => {
    if (ended) return;
    const [only] = chunks;
    done(chunks.length === 1 && only ? only : Buffer.concat(chunks));
  });
  request.on("error", () => {
    // The connection broke while the body came: no beat was sent, nothing is owed.
  });
}

function tooLarge(limit: number): ApiError {
  const size = limit >= 1024 * 1024 ? `${limit / 1024 / 1024} MiB` : `${limit / 1024} KiB`;
  return new ApiError(413, "too_large", `the body is larger than ${size}; send less, or in several requests`);
}
