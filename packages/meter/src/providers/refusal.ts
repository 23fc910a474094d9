// Our own answers in the words of the provider, so that its client shows them to a person instead of "unexpected response".
//
// The official clients of OpenAI and Anthropic try again by themselves after 408, 409, 429 and 5xx; a paused agent would hammer us. A 403
// is final for all of them, and `x-should-retry: false` says so to those that ask.

import type { ServerResponse } from "node:http";
import type { Shape } from "./providers.ts";

export type RefusalKind = "paused" | "overloaded" | "unreachable" | "forbidden" | "unknown";

interface Wording {
  readonly status: number;
  readonly openai: string;
  readonly anthropic: string;
  readonly gemini: string;
}

const wordings: Readonly<Record<RefusalKind, Wording>> = {
  paused: { status: 403, openai: "insufficient_quota", anthropic: "permission_error", gemini: "PERMISSION_DENIED" },
  overloaded: { status: 503, openai: "server_error", anthropic: "overloaded_error", gemini: "UNAVAILABLE" },
  unreachable: { status: 502, openai: "server_error", anthropic: "api_error", gemini: "UNAVAILABLE" },
  forbidden: {
    status: 403,
    openai: "invalid_request_error",
    anthropic: "permission_error",
    gemini: "PERMISSION_DENIED",
  },
  unknown: { status: 404, openai: "invalid_request_error", anthropic: "not_found_error", gemini: "NOT_FOUND" },
};

export function refuse(response: ServerResponse, shape: Shape, kind: RefusalKind, message: string): void {
  const { status } = wordings[kind];
  const body = JSON.stringify(bodyOf(shape, kind, message));
  response.writeHead(status, {
    "content-type": "application/json",
    "content-length": String(Buffer.byteLength(body)),
    "x-should-retry": kind === "overloaded" || kind === "unreachable" ? "true" : "false",
    ...(kind === "overloaded" ? { "retry-after": "1" } : {}),
  });
  response.end(body);
}

function bodyOf(shape: Shape, kind: RefusalKind, message: string): object {
  const words = wordings[kind];
  switch (shape) {
    case "openai":
      return { error: { message, type: words.openai, param: null, code: `midwatch_${kind}` } };
    case "anthropic":
      return { type: "error", error: { type: words.anthropic, message } };
    case "gemini":
      return { error: { code: words.status, message, status: words.gemini } };
    case "ollama":
      return { error: message };
  }
}
