import type { FastifyRequest } from "fastify";
import { invariant } from "@midwatch/core";
import { ApiError } from "../errors.ts";
import { agentRefusal } from "../keys/authenticate.ts";
import { maySpeakFor, type Caller } from "../keys/key-ring.ts";

/** Who asks, on a route that names a scope. */
export function callerOf(request: FastifyRequest): Caller {
  invariant(request.caller, "a route that asks for its caller names a scope");
  return request.caller;
}

/** Refuses a caller whose key does not speak for the agent. */
export function requireAccess(request: FastifyRequest, agent: string): void {
  const refused = agentRefusal(callerOf(request), agent);
  if (refused) throw refused;
}

/** Whether the caller may hear of an agent; for lists, which leave out the others. */
export function accessOf(request: FastifyRequest): (agent: string) => boolean {
  const caller = callerOf(request);
  return (agent) => maySpeakFor(caller, agent);
}

/** Refuses a caller whose key speaks only for some agents, where the answer is about all. */
export function requireFullAccess(request: FastifyRequest): void {
  const { agentGlob } = callerOf(request);
  if (agentGlob === null) return;
  throw new ApiError(403, "wrong_agent", `this key speaks only for ${agentGlob}; this request is about all agents`);
}
