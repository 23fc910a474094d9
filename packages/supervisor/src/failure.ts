export type SupervisorErrorCode =
  | "data_folder_unwritable"
  | "data_folder_in_use"
  | "invalid_agents"
  | "receiver_unavailable"
  | "spool_write_failed"
  | "spool_closed"
  | "journal_write_failed"
  | "server_unreachable"
  | "platform_unavailable"
  | "server_refused";

/** Something in the world that went wrong while operating. Branch on `code`, never on the message, which is for people. */
export class SupervisorError extends Error {
  override readonly name = "SupervisorError";
  readonly code: SupervisorErrorCode;
  /** True when the same call may succeed later without anyone changing anything. */
  readonly retryable: boolean;

  constructor(code: SupervisorErrorCode, message: string, more: { cause?: unknown; retryable?: boolean } = {}) {
    super(message, more.cause === undefined ? undefined : { cause: more.cause });
    this.code = code;
    this.retryable = more.retryable ?? false;
  }
}

/** The operating system's own code of a failed call (`ENOENT`, `EACCES`, …), or null. */
export function systemCode(error: unknown): string | null {
  if (typeof error !== "object" || error === null || !("code" in error)) return null;
  return typeof error.code === "string" ? error.code : null;
}

/** One clause for a person, whatever was thrown. */
export function describeError(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
