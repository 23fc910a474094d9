import type { Refusal } from "@midwatch/protocol";

/** The set-up is wrong and starting is refused. The command line ends with status 78 and prints the message as it is. */
export class ConfigError extends Error {
  override readonly name = "ConfigError";
  /** Stable, for programs: `bad_timezone`, `no_keys`, `port_in_use`, … */
  readonly code: string;

  constructor(code: string, message: string, options?: { readonly cause?: unknown }) {
    super(message, options);
    this.code = code;
  }
}

export interface ErrorDetail {
  readonly path: string;
  readonly message: string;
}

/** A request that is answered with an error. Its message is written for the caller and holds no secret, SQL or stack. */
export class ApiError extends Error implements Refusal {
  override readonly name = "ApiError";
  readonly status: number;
  readonly code: string;
  readonly details: readonly ErrorDetail[] | undefined;
  /** Seconds; becomes `Retry-After`. */
  readonly retryAfterS: number | undefined;

  constructor(
    status: number,
    code: string,
    message: string,
    more: { readonly details?: readonly ErrorDetail[]; readonly retryAfterS?: number; readonly cause?: unknown } = {},
  ) {
    super(message, more.cause === undefined ? undefined : { cause: more.cause });
    this.status = status;
    this.code = code;
    this.details = more.details;
    this.retryAfterS = more.retryAfterS;
  }
}
