import type { FastifyRequest } from "fastify";
import { invariant } from "@midwatch/core";
import type { AgentRow, Store } from "@midwatch/store";
import { ApiError } from "../errors.ts";
import { agentRefusal } from "../keys/authenticate.ts";
import { maySpeakFor, type Caller } from "../keys/key-ring.ts";

const defaultLimit = 100;
const maxLimit = 1_000;

export interface PageAsked {
  readonly limit: number;
  readonly cursor: string | null;
}

/** Reads `limit` and `cursor`, whose form the schema has checked. */
export function pageAsked(query: { readonly limit?: string; readonly cursor?: string }): PageAsked {
  const limit = Math.min(maxLimit, Number(query.limit ?? defaultLimit));
  return { limit, cursor: query.cursor ?? null };
}

/** Reads a time given as RFC 3339 text. */
export function timeOf(value: string | undefined, path: string): number | undefined {
  if (value === undefined) return undefined;
  const at = /^\d{4}-\d{2}-\d{2}T/.test(value) ? Date.parse(value) : Number.NaN;
  if (!Number.isNaN(at)) return at;
  throw invalidField(path, `must be a time such as 2026-11-24T03:12:06Z, got ${JSON.stringify(value.slice(0, 40))}`);
}

export function invalidField(path: string, message: string): ApiError {
  return new ApiError(422, "invalid_field", `${path} ${message}`, { details: [{ path, message }] });
}

/** Who asks, on a route that names a scope. */
export function callerOf(request: FastifyRequest): Caller {
  invariant(request.caller, "a route that asks for its caller names a scope");
  return request.caller;
}

/** Refuses a caller whose key does not speak for the agent. */
export function requireSight(request: FastifyRequest, agent: string): void {
  const refused = agentRefusal(callerOf(request), agent);
  if (refused) throw refused;
}

/** Whether the caller may hear of an agent; for lists, which leave out the others. */
export function sightOf(request: FastifyRequest): (agent: string) => boolean {
  const caller = callerOf(request);
  return (agent) => maySpeakFor(caller, agent);
}

/** Refuses a caller whose key speaks only for some agents, where the answer is about all. */
export function requireWholeSight(request: FastifyRequest): void {
  const { agentGlob } = callerOf(request);
  if (agentGlob === null) return;
  throw new ApiError(403, "wrong_agent", `this key speaks only for ${agentGlob}; this request is about all agents`);
}

/** The agent's row, or 404. */
export async function findAgent(store: Store, name: string): Promise<AgentRow> {
  const row = await store.agent(name);
  if (row && row.forgottenAt === null) return row;
  throw new ApiError(404, "unknown_agent", `no agent is called ${name.slice(0, 200)}; GET /api/v1/agents lists them`);
}
