import type { ErrorBody, FieldError, ParsedJson } from "@midwatch/protocol";

/** Why a request, or one beat of it, is not accepted. */
export interface Refusal {
  readonly status: number;
  /** Stable, for programs. */
  readonly code: string;
  /** For people: what was wrong and what to do. */
  readonly message: string;
  readonly details?: readonly FieldError[];
  /** Seconds after which the same request may succeed. */
  readonly retryAfterS?: number;
}

/** The body of an error answer, as the server has it. */
export function errorBody({ code, message, details }: Refusal): ErrorBody {
  return {
    error: { code, message, ...(details === undefined || details.length === 0 ? {} : { details: [...details] }) },
  };
}

export function notJson(failed: Extract<ParsedJson, { ok: false }>): Refusal {
  const details = failed.path === undefined ? [] : [{ path: failed.path, message: failed.message }];
  return { status: 400, code: failed.code, message: failed.message, details };
}

export function invalidFields(errors: readonly FieldError[]): Refusal {
  const named = errors.map(({ path, message }) => (path === "" ? message : `${path} ${message}`)).slice(0, 3);
  const more = errors.length > 3 ? `; and ${errors.length - 3} more` : "";
  return { status: 422, code: "invalid_field", message: `${named.join("; ")}${more}`, details: errors };
}

export function tooLarge(limit: number): Refusal {
  const size = limit >= 2 ** 20 ? `${limit / 2 ** 20} MiB` : `${limit / 1024} KiB`;
  const message = `the body is larger than ${size}; send less, or in several requests`;
  return { status: 413, code: "too_large", message };
}

export function unknownAgent(name: string): Refusal {
  const message = `no agent is called ${name} here; this supervisor keeps others and reports to no server`;
  return { status: 404, code: "unknown_agent", message };
}

export const overloaded: Refusal = {
  status: 503,
  code: "overloaded",
  message: "more beats are waiting than can be stored; send this one again",
  retryAfterS: 1,
};

export const notStored: Refusal = {
  status: 503,
  code: "not_stored",
  message: "the supervisor cannot write to its disk, so this beat is not safe yet; send it again",
  retryAfterS: 5,
};

export const noKey: Refusal = {
  status: 401,
  code: "unauthorized",
  message:
    "no key was given; send the MIDWATCH_KEY of the agent's environment as `Authorization: Bearer …` or `X-API-Key`",
};

export const wrongKey: Refusal = {
  status: 401,
  code: "unauthorized",
  message: "this key is not the one of this supervisor; use the MIDWATCH_KEY of the agent's environment",
};

export function notFound(method: string, path: string): Refusal {
  const message = `there is no ${method} ${path.slice(0, 200)} here; agents send POST /api/v1/heartbeat or /api/v1/heartbeats`;
  return { status: 404, code: "not_found", message };
}
