/**
 * - `full`: no room on the disk (or the database's own limit).
 * - `busy`: another process held the database longer than the busy timeout.
 * - `read-only`: the file, its folder or this store may not be written.
 * - `corrupt`: the file is damaged, or is not a Midwatch database.
 * - `too-new`: written by a newer Midwatch than this one.
 * - `gone`: the file was deleted or replaced while it was in use.
 * - `closed`: used after `close()`.
 * - `bad-cursor`: a page cursor that no page of this list has handed out.
 * - `failed`: anything else; the `cause` tells.
 */
export type StoreErrorCode =
  "full" | "busy" | "read-only" | "corrupt" | "too-new" | "gone" | "closed" | "bad-cursor" | "failed";

/** The store could not do what was asked. Nothing of the call is stored. The message is meant for people. */
export class StoreError extends Error {
  override readonly name = "StoreError";
  readonly code: StoreErrorCode;
  /** The same call may succeed later without anybody changing Midwatch: room is made, the other process finishes. */
  readonly retryable: boolean;

  constructor(code: StoreErrorCode, message: string, cause?: unknown) {
    super(message, cause === undefined ? undefined : { cause });
    this.code = code;
    this.retryable = code === "full" || code === "busy";
  }
}
