import type { ServerResponse } from "node:http";
import { errorBody } from "@midwatch/protocol";
import type { ApiError } from "../errors.ts";

/** Writes a JSON answer on the raw response: on the way of every beat nothing else stands between us and the socket. */
export function sendJson(response: ServerResponse, status: number, json: string): void {
  if (response.destroyed) return;
  response.writeHead(status, {
    "content-type": "application/json; charset=utf-8",
    "content-length": Buffer.byteLength(json),
  });
  response.end(json);
}

export function sendError(response: ServerResponse, error: ApiError): void {
  if (response.destroyed) return;
  if (error.retryAfterS !== undefined) response.setHeader("retry-after", String(error.retryAfterS));
  if (error.status === 401) response.setHeader("www-authenticate", "Bearer");
  sendJson(response, error.status, JSON.stringify(errorBody(error)));
}
