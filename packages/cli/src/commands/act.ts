import { call, type Target } from "../client.ts";

export const actions = ["start", "restart", "stop", "kill", "pause", "resume", "accept-baseline"] as const;
export type Action = (typeof actions)[number];

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
export async function act(target: Target, action: Action, agent: string): Promise<void> {
  const answer = await call<{ message?: string }>(
    target,
    "POST",
    `/api/v1/agents/${encodeURIComponent(agent)}/${action}`,
    {},
  );
  process.stdout.write(`${answer.message ?? `${action}: ${agent}`}\n`);
}

export async function acknowledge(target: Target, id: string): Promise<void> {
  await call(target, "POST", `/api/v1/incidents/${encodeURIComponent(id)}/ack`, {});
  process.stdout.write(`Incident ${id} is acknowledged. Reminders stop; it closes when the trouble ends.\n`);
}

export async function forget(target: Target, agent: string): Promise<void> {
  await call(target, "DELETE", `/api/v1/agents/${encodeURIComponent(agent)}`);
  process.stdout.write(
    `${agent} is forgotten: no alerts and no reports. What it used stays in the ledger, and a new beat brings it back.\n`,
  );
}
