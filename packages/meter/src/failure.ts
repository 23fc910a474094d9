export type MeterErrorCode =
  "data_folder_unwritable" | "listen_failed" | "spool_write_failed" | "server_unreachable" | "server_refused";

/** Something in the world that went wrong while operating. Branch on `code`, never on the message, which is for people. */
export class MeterError extends Error {
  override readonly name = "MeterError";
  readonly code: MeterErrorCode;
  /** True when the same call may succeed later without anyone changing anything. */
  readonly retryable: boolean;

  constructor(code: MeterErrorCode, message: string, more: { cause?: unknown; retryable?: boolean } = {}) {
    super(message, more.cause === undefined ? undefined : { cause: more.cause });
    this.code = code;
    this.retryable = more.retryable ?? false;
  }
}

/** The operating system's own code of a failed call (`ENOENT`, `ECONNRESET`, …), or null. */
export function systemCode(error: unknown): string | null {
  if (typeof error !== "object" || error === null || !("code" in error)) return null;
  return typeof error.code === "string" ? error.code : null;
}

/** One clause for a person, whatever was thrown. */
export function describeError(error: unknown): string {
  // Where a name has several addresses, each has failed in its own way, and the whole says nothing: the first speaks for it.
  if (error instanceof AggregateError && error.errors.length > 0) return describeError(error.errors[0]);
  return error instanceof Error ? error.message : String(error);
}
