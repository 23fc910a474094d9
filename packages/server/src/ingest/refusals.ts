import type { FieldError, ParsedJson } from "@midwatch/protocol";
import { ApiError } from "../errors.ts";
import { maxAgents } from "../ledger/census.ts";

/** 400: the body is not JSON as it should be. */
export function notJson(failed: Extract<ParsedJson, { ok: false }>): ApiError {
  const details = failed.path === undefined ? [] : [{ path: failed.path, message: failed.message }];
  return new ApiError(400, failed.code, failed.message, { details });
}

/** 422: the body is JSON, and some fields are wrong; every one is named. */
export function invalidFields(errors: readonly FieldError[]): ApiError {
  const named = errors.map(({ path, message }) => (path === "" ? message : `${path} ${message}`)).slice(0, 3);
  const more = errors.length > 3 ? `; and ${errors.length - 3} more` : "";
  return new ApiError(422, "invalid_field", `${named.join("; ")}${more}`, { details: errors });
}

/** 413: the body is longer than `limit` bytes. */
export function tooLarge(limit: number): ApiError {
  const size = limit >= 1024 * 1024 ? `${limit / 1024 / 1024} MiB` : `${limit / 1024} KiB`;
  return new ApiError(413, "too_large", `the body is larger than ${size}; send less, or in several requests`);
}

/** 429: a name more than this server watches. */
export function tooManyAgents(agent: string): ApiError {
  const message = `there are ${maxAgents} agents already, the most this server watches; forget some (DELETE /api/v1/agents/NAME), then ${agent} can register`;
  return new ApiError(429, "too_many_agents", message, { retryAfterS: 60 });
}
