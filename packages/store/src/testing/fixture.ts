import { defaultSettings, newAgent, type AgentState, type HistoryEntry, type Incident } from "@midwatch/core";
import type {
  AgentRow,
  AgentWrite,
  BeatRecord,
  CommandDraft,
  CommandOutcome,
  EvidenceDraft,
  OutboxDraft,
  Store,
  Writes,
} from "../store.ts";

/** A morning in the tests' world, on the hour. */
export const morning = Date.UTC(2026, 10, 24, 3);

export function agentState(name: string, over: Partial<AgentState> = {}): AgentState {
  return { ...newAgent(name, morning, defaultSettings), ...over };
}

export function beat(over: Partial<BeatRecord> = {}): BeatRecord {
  return {
    at: morning,
    ts: null,
    status: "ok",
    runId: null,
    seq: null,
    cycle: null,
    cycleKind: null,
    cycleMs: null,
    tokens: 0,
    cycleTokens: null,
    costUsdMicros: null,
    baseline: null,
    late: false,
    message: null,
    memoryBytes: null,
    ...over,
  };
}

export function incident(over: Partial<Incident> = {}): Incident {
  return {
    kind: "silent",
    severity: "page",
    openedAt: morning,
    since: morning - 60_000,
    title: "silent since 02:59",
    text: "No beat for two intervals.",
    numbers: { missed: 2 },
    acknowledged: null,
    ...over,
  };
}

export function entry(over: Partial<HistoryEntry> = {}): HistoryEntry {
  return { at: morning, kind: "state-changed", text: "up, was late", data: { from: "late", to: "up" }, ...over };
}

export function agentWrite(name: string, over: Partial<AgentWrite> = {}): AgentWrite {
  return {
    name,
    state: agentState(name),
    deadline: null,
    moveDeadline: false,
    beats: [],
    history: [],
    incidents: [],
    ...over,
  };
}

export function draft(key: string, over: Partial<OutboxDraft> = {}): OutboxDraft {
  return { key, channel: "me", agent: "bot", at: morning, body: { text: key }, ...over };
}

export function command(id: string, over: Partial<CommandDraft> = {}): CommandDraft {
  return {
    id,
    supervisor: "host",
    agent: "bot",
    command: "restart",
    dependents: false,
    by: "me",
    askedWith: "laptop",
    at: morning,
    ...over,
  };
}

export async function finish(store: Store, id: string, over: Partial<CommandOutcome> = {}): Promise<void> {
  const outcome: CommandOutcome = { id, state: "done", message: "", at: morning + 1, ...over };
  await store.fold([], () => ({ agents: [], notices: () => [], outcomes: [outcome] }));
}

export function evidence(key: string, over: Partial<EvidenceDraft> = {}): EvidenceDraft {
  return {
    key,
    at: morning,
    runId: "run-1",
    why: "hung",
    summary: `${key} spins in think()`,
    items: [{ name: "stack", text: "at think (agent.mjs:12)" }],
    ...over,
  };
}

/** Names that sort in the order they were made. */
export function namesOf(count: number): readonly string[] {
  return Array.from({ length: count }, (_, index) => `fleet/agent-${String(index).padStart(5, "0")}`);
}

/** A decision that writes this, whatever the rows are. */
export function writing(...agents: AgentWrite[]): () => Writes {
  return () => ({ agents, notices: () => [] });
}

/** The decision of an ordinary beat: counts it in the agent's state, and keeps it. */
export function counting(names: readonly string[], over: Partial<BeatRecord> = {}) {
  return (rows: ReadonlyMap<string, AgentRow>): Writes => ({
    agents: names.map((name) => {
      const before = rows.get(name)?.state ?? agentState(name);
      const state = { ...before, beatsTotal: before.beatsTotal + 1, tokensTotal: before.tokensTotal + 10 };
      return agentWrite(name, { state, beats: [beat({ tokens: 10, seq: before.beatsTotal, ...over })] });
    }),
    notices: () => [],
  });
}
