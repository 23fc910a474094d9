/** Exit statuses of the command: 0 ok, 1 failed, 2 bad usage, 78 bad configuration. */
export type ExitStatus = 1 | 2 | 78;

/** The status of a part that has ended, as the command's own. */
export function exitStatusOf(code: number | null): ExitStatus {
  return code === 2 || code === 78 ? code : 1;
}

/** The command can't do what was asked; the message is printed as it is. */
export class CommandFailure extends Error {
  override readonly name = "CommandFailure";
  readonly status: ExitStatus;

  constructor(status: ExitStatus, message: string, options?: { readonly cause?: unknown }) {
    super(message, options);
    this.status = status;
  }
}
