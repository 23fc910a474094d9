import * as wire from "@midwatch/protocol";
import { ApiError } from "../errors.ts";
import { maxAgents } from "../ledger/census.ts";

/** 400: the body is not JSON as it should be. */
export function notJson(failed: Parameters<typeof wire.notJson>[0]): ApiError {
  return errorOf(wire.notJson(failed));
}

/** 422: the body is JSON, and some fields are wrong; every one is named. */
export function invalidFields(errors: readonly wire.FieldError[]): ApiError {
  return errorOf(wire.invalidFields(errors));
}

/** 413: the body is longer than `limit` bytes. */
export function tooLarge(limit: number): ApiError {
  return errorOf(wire.tooLarge(limit));
}

/** 429: a name more than this server watches. */
export function tooManyAgents(agent: string): ApiError {
  const message = `there are ${maxAgents} agents already, the most this server watches; forget some (DELETE /api/v1/agents/NAME), then ${agent} can register`;
  return new ApiError(429, "too_many_agents", message, { retryAfterS: 60 });
}

function errorOf({ status, code, message, details = [] }: wire.Refusal): ApiError {
  return new ApiError(status, code, message, { details });
}
