import { call, type Target } from "../client.ts";

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

/** Asks for an action and says what the server made of it. */
export async function act(
  target: Target,
  asked: { readonly action: Action; readonly agent: string; readonly json: boolean; readonly dependents?: boolean },
): Promise<void> {
  const { action, agent, json, dependents = false } = asked;
  const path = `/api/v1/agents/${encodeURIComponent(agent)}/${action}`;
  const answer = await call<{ message?: string }>(target, "POST", path, dependents ? { dependents } : {});
  say(json, answer, answer.message ?? `${action}: ${agent}`);
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
