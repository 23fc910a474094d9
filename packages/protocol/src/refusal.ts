import type { ErrorBody } from "./api.ts";
import type { FieldError } from "./fields.ts";
import type { ParsedJson } from "./json.ts";

/** Why a request, or one beat of it, is not accepted. Server and supervisor take the same beats and refuse them in the same words. */
export interface Refusal {
  /** HTTP status. */
  readonly status: number;
  /** Stable, for programs. */
  readonly code: string;
  /** For people: what was wrong and what to do. */
  readonly message: string;
  readonly details?: readonly FieldError[] | undefined;
  /** Seconds after which the same request may succeed. */
  readonly retryAfterS?: number | undefined;
}

/** The body of every error answer. */
export function errorBody({ code, message, details }: Pick<Refusal, "code" | "message" | "details">): ErrorBody {
  return {
    error: { code, message, ...(details === undefined || details.length === 0 ? {} : { details: [...details] }) },
  };
}

/** 400: the body is not JSON as it should be. */
export function notJson(failed: Extract<ParsedJson, { ok: false }>): Refusal {
  const details = failed.path === undefined ? [] : [{ path: failed.path, message: failed.message }];
  return { status: 400, code: failed.code, message: failed.message, details };
}

/** 422: the body is JSON, and some fields are wrong; every one is named in the details, the first three in words. */
export function invalidFields(errors: readonly FieldError[]): Refusal {
  const named = errors.map(({ path, message }) => (path === "" ? message : `${path} ${message}`)).slice(0, 3);
  const more = errors.length > 3 ? `; and ${errors.length - 3} more` : "";
  return { status: 422, code: "invalid_field", message: `${named.join("; ")}${more}`, details: errors };
}

/** 413: the body is longer than `limit` bytes. */
export function tooLarge(limit: number): Refusal {
  const size = limit >= 2 ** 20 ? `${limit / 2 ** 20} MiB` : `${limit / 1024} KiB`;
  const message = `the body is larger than ${size}; send less, or in several requests`;
  return { status: 413, code: "too_large", message };
}
