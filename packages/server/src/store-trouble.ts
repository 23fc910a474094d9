import { ApiError } from "./errors.ts";

/** What went wrong in the store, for a person: what, and what to do. */
const advice: Readonly<Record<string, string>> = {
  full: "the disk that holds the data folder is full; make room, nothing that was acknowledged is lost",
  "read-only": "the data folder cannot be written to; check its permissions and its mount",
  busy: "another process holds the database; if this lasts, look for a second server or a backup on the same data folder",
  corrupt: "the database is damaged; stop the server and restore the data folder from a backup",
  closed: "the server is stopping",
  failed: "the database refused the write; the server's log says why",
};

/** The stable code of a store's error, or null for any other error. */
export function storeCode(error: unknown): string | null {
  if (!(error instanceof Error) || error.name !== "StoreError" || !("code" in error)) return null;
  return String(error.code);
}

export function storeAdvice(error: unknown): string {
  const code = storeCode(error);
  return code === null ? "an unexpected error; the server's log has it" : (advice[code] ?? `the database failed (${code})`);
}

/** How a request ends that the store could not serve: 503, to be tried again, with nothing half-done. */
export function storeTrouble(error: unknown): ApiError {
  const code = storeCode(error);
  const message = `not stored, please send it again: ${storeAdvice(error)}`;
  return new ApiError(503, "unavailable", message, { retryAfterS: code === "busy" ? 1 : 5, cause: error });
}
