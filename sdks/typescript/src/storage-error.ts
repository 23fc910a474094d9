/**
 * - `unreadable`: a file is there and the system does not let it be read; writing over it might lose it
 * - `unwritable`: a file could not be written, moved or flushed; what was there before is still there
 * - `newer_format`: the file was written by a later SDK
 * - `not_json`: the value cannot be written as JSON
 * - `too_many_in_flight`: so many side effects are begun and not done that one more is refused
 */
export type StorageErrorCode = "unreadable" | "unwritable" | "newer_format" | "not_json" | "too_many_in_flight";

/** State or a side effect could not be kept or read. `cause` is the system's error, where there is one. */
export class StorageError extends Error {
  override readonly name = "StorageError";
  readonly code: StorageErrorCode;

  constructor(code: StorageErrorCode, message: string, cause?: unknown) {
    super(message, { cause });
    this.code = code;
  }
}

/** The system's own code, such as `ENOENT`; empty for anything else that was thrown. */
export function systemCode(error: unknown): string {
  return error instanceof Error && "code" in error && typeof error.code === "string" ? error.code : "";
}

export function unreadable(path: string, cause: unknown): StorageError {
  return new StorageError(
    "unreadable",
    `cannot read ${path}: ${wordsOf(cause)}. Nothing was changed; make it readable, or move it away to begin without it.`,
    cause,
  );
}

export function unwritable(path: string, cause: unknown): StorageError {
  return new StorageError(
    "unwritable",
    `cannot write ${path}: ${wordsOf(cause)}. What was kept before is still there.`,
    cause,
  );
}

function wordsOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
