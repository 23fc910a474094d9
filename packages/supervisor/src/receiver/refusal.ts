import type { Refusal } from "@midwatch/protocol";

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
