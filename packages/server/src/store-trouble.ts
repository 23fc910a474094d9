import { StoreError, type StoreErrorCode } from "@midwatch/store";
import { ApiError } from "./errors.ts";

/** What went wrong in the store, for whoever sent a request: what, and what to do. Names no path. */
const advice: Readonly<Record<Exclude<StoreErrorCode, "bad-cursor">, string>> = {
  full: "the disk that holds the data folder is full; make room, nothing that was acknowledged is lost",
  "read-only": "the data folder cannot be written to; check its permissions and its mount",
  busy: "another process holds the database; if this lasts, look for a second server or a backup on the same data folder",
  corrupt: "the database is damaged; stop the server and restore the data folder from a backup",
  "too-new": "the database was written by a newer Midwatch; start that one",
  gone: "the database was deleted or replaced while the server was running; restart the server",
  closed: "the server is stopping",
  failed: "the database refused the write; the server's log says why",
};

/** The stable code of a store's error, or null for any other error. */
export function storeCode(error: unknown): StoreErrorCode | null {
  return error instanceof StoreError ? error.code : null;
}

export function storeAdvice(error: unknown): string {
  const code = storeCode(error);
  if (code === null || code === "bad-cursor") return "an unexpected error; the server's log has it";
  return advice[code];
}

/** How a request ends that the store could not serve: 503, to be tried again, with nothing half-done. */
export function storeTrouble(error: unknown): ApiError {
  const message = `not stored, please send it again: ${storeAdvice(error)}`;
  const retryAfterS = storeCode(error) === "busy" ? 1 : 5;
  return new ApiError(503, "unavailable", message, { retryAfterS, cause: error });
}
