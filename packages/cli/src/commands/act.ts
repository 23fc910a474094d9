import { setTimeout as pause } from "node:timers/promises";
import type { CommandView } from "@midwatch/protocol";
import { call, type Target } from "../client.ts";
import { CommandFailure } from "../failure.ts";

export const actions = ["start", "restart", "stop", "kill", "pause", "resume", "accept-baseline"] as const;
type Action = (typeof actions)[number];

export const actionHelp: Readonly<Record<Action, string>> = {
  start: "start a stopped agent",
  restart: "stop and start it; clears exhaustion",
  stop: "ask it to end, then make it end",
  kill: "end it at once",
  pause: "hold it: no cycles, no spending, its state is kept",
  resume: "let a paused or exhausted agent go on",
  "accept-baseline": "what it costs now is its new normal",
};

const askAgainMs = 200;
/** A supervisor that is there fetches a command at once; carrying it out may take an agent's grace. */
const fetchLimitMs = 3_000;
const outcomeLimitMs = 20_000;

/** Asks for an action, and says what came of it; what no supervisor has answered in time stays asked for. */
export async function act(
  target: Target,
  asked: { readonly action: Action; readonly agent: string; readonly json: boolean; readonly dependents?: boolean },
): Promise<void> {
  const { action, agent, json, dependents = false } = asked;
  const path = `/api/v1/agents/${encodeURIComponent(agent)}/${action}`;
  const answer = await call<{ message?: string }>(target, "POST", path, dependents ? { dependents } : {});
  const outcome = await outcomeOf(target, agent);
  if (outcome?.state === "failed" || outcome?.state === "expired") {
    throw new CommandFailure(1, outcome.message ?? `${agent}: ${action} was not carried out`);
  }
  const text = outcome?.state === "done" ? (outcome.message ?? answer.message) : answer.message;
  say(json, { ...answer, outcome }, text ?? `${action}: ${agent}`);
}

/** What became of the newest command of an agent; null where it is not known within the limit. */
async function outcomeOf(target: Target, agent: string): Promise<CommandView | null> {
  const askedAt = performance.now();
  const path = `/api/v1/agents/${encodeURIComponent(agent)}/commands?limit=1`;
  for (;;) {
    const { items } = await call<{ items: CommandView[] }>(target, "GET", path);
    const newest = items[0] ?? null;
    const isOpen = newest?.state === "waiting" || newest?.state === "delivered";
    if (!isOpen) return newest;
    const limitMs = newest.state === "waiting" ? fetchLimitMs : outcomeLimitMs;
    if (performance.now() - askedAt > limitMs) return null;
    await pause(askAgainMs);
  }
}

export async function acknowledge(target: Target, id: number, json: boolean): Promise<void> {
  const answer = await call<unknown>(target, "POST", `/api/v1/incidents/${id}/ack`, {});
  say(json, answer, `Incident ${id} is acknowledged. It closes when the trouble ends.`);
}

export async function forget(target: Target, agent: string, json: boolean): Promise<void> {
  const answer = await call<unknown>(target, "DELETE", `/api/v1/agents/${encodeURIComponent(agent)}`);
  const text = `${agent} is forgotten: no alerts and no reports. What it used stays in the ledger, and a new beat brings it back.`;
  say(json, answer === "" ? { ok: true } : answer, text);
}

function say(json: boolean, answer: unknown, text: string): void {
  process.stdout.write(`${json ? JSON.stringify(answer, null, 2) : text}\n`);
}
