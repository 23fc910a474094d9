// What a supervisor says to the server, for tests that stand in for one. It keeps the agent "kept" unless told otherwise.

import type { BatchAnswer, BatchRequest, CommandsAnswer, SpoolItem, SupervisedSettings } from "@midwatch/protocol";
import type { Reply, TestServer } from "./test-server.ts";

const settings: SupervisedSettings = {
  interval_ms: 60_000,
  missed_limit: 2,
  startup_ms: 120_000,
  liveness: "beats",
  max_restarts: 3,
  cooldown_ms: 300_000,
  tags: ["night"],
};

/** A batch that says only which agents are kept. */
export function declaration(...names: readonly string[]): BatchRequest {
  const agents = names.map((name) => ({ name, settings }));
  return { host: "box-1", sent_at: Date.now(), spool: "spool-a", agents, items: [] };
}

export function batch(
  midwatch: Pick<TestServer, "call" | "keys">,
  sentAt: number,
  items: readonly SpoolItem[],
  { agents = ["kept"], spool = "spool-a" }: { readonly agents?: readonly string[]; readonly spool?: string } = {},
): Promise<Reply<BatchAnswer>> {
  const body: BatchRequest = { ...declaration(...agents), sent_at: sentAt, spool, items: [...items] };
  return midwatch.call("POST", "/api/v1/supervisors/sup-1/batch", { body, key: midwatch.keys.ingest });
}

export function commands(midwatch: TestServer, waitS = 0): Promise<Reply<CommandsAnswer>> {
  const path = `/api/v1/supervisors/sup-1/commands?wait_s=${waitS}`;
  return midwatch.call("GET", path, { key: midwatch.keys.ingest });
}

/** Says what came of a command. */
export function outcome(midwatch: TestServer, id: string, body: { ok: boolean; message: string }): Promise<Reply> {
  const path = `/api/v1/supervisors/sup-1/commands/${id}/outcome`;
  return midwatch.call("POST", path, { body, key: midwatch.keys.ingest });
}

export function beatItem(n: number, receivedAt: number): SpoolItem {
  return { n, received_at: receivedAt, beat: { agent: "kept", tokens_used: 10, run_id: "r1", seq: n } };
}
