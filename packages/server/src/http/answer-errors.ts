import { errorBody } from "@midwatch/protocol";
import type { FastifyError, FastifyReply, FastifyRequest } from "fastify";
import { ApiError } from "../errors.ts";
import { tooLarge } from "../ingest/refusals.ts";
import type { Log } from "../log.ts";
import { storeCode, storeTrouble } from "../store-trouble.ts";
import { wordFaults } from "./word-faults.ts";

/** Turns whatever a route threw into an answer in the API's own words. Unexpected errors are logged and never shown. */
export function answerErrors(log: Log): (error: unknown, request: FastifyRequest, reply: FastifyReply) => void {
  return (error, request, reply) => {
    const answer = apiErrorOf(error, request, log);
    if (answer.retryAfterS !== undefined) void reply.header("retry-after", String(answer.retryAfterS));
    if (answer.status === 401) void reply.header("www-authenticate", "Bearer");
    void reply.code(answer.status).send(errorBody(answer));
  };
}

/** Whatever was thrown, as an error in the API's own words. */
export function apiErrorOf(error: unknown, request: FastifyRequest, log: Log): ApiError {
  if (error instanceof ApiError) return error;
  const code = storeCode(error);
  if (code === "bad-cursor") {
    const message =
      "pass back the `next` of an earlier page of the same list, or leave it out to start at the beginning";
    return new ApiError(422, "invalid_field", `cursor: ${message}`, { details: [{ path: "cursor", message }] });
  }
  if (code !== null) {
    log.error({ err: error, path: request.routeOptions.url }, "the store refused a request");
    return storeTrouble(error);
  }
  return fromFastify(error, request) ?? unexpected(error, request, log);
}

function fromFastify(error: unknown, request: FastifyRequest): ApiError | null {
  if (!isFastifyError(error)) return null;
  if (error.validation) {
    const details = wordFaults(error.validation);
    const named = details.map(({ path, message }) => `${path} ${message}`).join("; ");
    return new ApiError(422, "invalid_field", named, { details });
  }
  switch (error.statusCode) {
    // A path that leads out of the dashboard's folder: there is nothing, whatever lies outside.
    case 403:
    case 404:
      return new ApiError(404, "not_found", "there is nothing here; GET /api/openapi.json lists what there is");
    case 413:
      return tooLarge(request.routeOptions.bodyLimit);
    case 415:
      return new ApiError(400, "invalid_json", "send the body as JSON, with `Content-Type: application/json`");
    case 429:
      return new ApiError(429, "too_many_requests", error.message, { retryAfterS: 60 });
    case 503:
      return new ApiError(503, "overloaded", "the server is overloaded; try again in a moment", { retryAfterS: 5 });
    case 400:
      return new ApiError(400, "bad_request", error.message);
    default:
      return null;
  }
}

function unexpected(error: unknown, request: FastifyRequest, log: Log): ApiError {
  log.error({ err: error, path: request.routeOptions.url }, "a request failed; this is a bug in Midwatch");
  return new ApiError(500, "internal", "something went wrong here; the server's log has the details");
}

function isFastifyError(error: unknown): error is FastifyError {
  return error instanceof Error && "statusCode" in error;
}
