import type { AgentRow, Store } from "@midwatch/store";
import { ApiError } from "../errors.ts";

/** The agent's row; throws 404 for one that is unknown or forgotten. */
export async function findAgent(store: Store, name: string): Promise<AgentRow> {
  const row = await store.agent(name);
  if (row && row.forgottenAt === null) return row;
  throw new ApiError(404, "unknown_agent", `no agent is called ${name.slice(0, 200)}; GET /api/v1/agents lists them`);
}
