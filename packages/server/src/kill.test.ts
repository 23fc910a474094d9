// What happens to what was promised when the server is killed in the middle of its work. Real processes, a real disk.

import assert from "node:assert/strict";
import { spawn, type ChildProcess } from "node:child_process";
import { once } from "node:events";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { test } from "node:test";
import { setTimeout as pause } from "node:timers/promises";
import { fileURLToPath } from "node:url";
import type { AgentView, BeatAnswer, CommandsAnswer, IncidentView, Page, WebhookBody } from "@midwatch/protocol";
import { declaration } from "./testing/supervisor-calls.ts";
import { startReceiver } from "./testing/loopback-receiver.ts";

interface ServerProcess {
  readonly process: ChildProcess;
  readonly url: string;
  readonly key: string;
}

async function startProcess(file: string, hook: string, intervalS: number): Promise<ServerProcess> {
  const script = fileURLToPath(new URL("testing/server-process.ts", import.meta.url));
  const args = ["--conditions=midwatch-source", "--disable-warning=ExperimentalWarning", script, file, hook];
  const child = spawn(process.execPath, [...args, `${intervalS}`], { stdio: ["ignore", "pipe", "ignore"] });
  for await (const line of createInterface({ input: child.stdout })) {
    const [word, url = "", key = ""] = line.split(" ");
    if (word === "ready") return { process: child, url, key };
  }
  throw new Error("the server process ended before it was ready");
}

async function kill({ process: child }: ServerProcess, signal: NodeJS.Signals): Promise<void> {
  const ended = once(child, "exit");
  child.kill(signal);
  await ended;
}

async function beat({ url, key }: ServerProcess, body: object): Promise<BeatAnswer | null> {
  try {
    const response = await fetch(`${url}/api/v1/heartbeat`, {
      method: "POST",
      headers: { authorization: `Bearer ${key}` },
      body: JSON.stringify(body),
    });
    return response.ok ? ((await response.json()) as BeatAnswer) : null;
  } catch {
    // The server died under this request: nothing was promised.
    return null;
  }
}

async function send({ url, key }: ServerProcess, path: string, body: object): Promise<number> {
  const headers = { authorization: `Bearer ${key}`, "content-type": "application/json" };
  const response = await fetch(`${url}${path}`, { method: "POST", headers, body: JSON.stringify(body) });
  await response.arrayBuffer();
  return response.status;
}

async function get<T>({ url, key }: ServerProcess, path: string): Promise<T> {
  const response = await fetch(`${url}${path}`, { headers: { authorization: `Bearer ${key}` } });
  return (await response.json()) as T;
}

test("kill -9 under load loses no acknowledged beat and no notification", { timeout: 60_000 }, async () => {
  const folder = await mkdtemp(join(tmpdir(), "midwatch-kill-"));
  const file = join(folder, "midwatch.db");
  await using hook = await startReceiver();
  // Nothing gets through before the kill, so that every notification is still in the outbox then.
  hook.answerWith((response) => {
    response.statusCode = 503;
    response.end();
  });
  const first = await startProcess(file, hook.url, 600);
  const agents = 16;
  const acknowledged = Array.from({ length: agents }, () => 0);
  let killed = false;
  const loops = acknowledged.map(async (_, n) => {
    // The very first beat is a runaway: it pages, in the same transaction that makes it durable.
    for (let seq = 0; !killed; seq += 1) {
      const tokens_used = seq === 0 ? 300_000 : 100;
      const answer = await beat(first, { agent: `load-${n}`, run_id: "r", instance: "i", seq, tokens_used });
      if (answer) acknowledged[n] = seq + 1;
    }
  });
  while (acknowledged.some((count) => count < 20)) await pause(10);
  const dead = kill(first, "SIGKILL");
  killed = true;
  await Promise.all([dead, ...loops]);

  hook.answerWith((response) => response.end("ok"));
  const refused = hook.received.length;
  const second = await startProcess(file, hook.url, 600);
  try {
    for (const [n, count] of acknowledged.entries()) {
      const view = await get<AgentView>(second, `/api/v1/agents/load-${n}`);
      assert.ok(view.beats_total >= count, `load-${n}: ${view.beats_total} kept of ${count} acknowledged`);
      assert.ok(view.beats_total <= count + 1, "only the beat under way when it died may have gone in unanswered");
    }
    const paged = (): Set<string> =>
      new Set(
        hook.received
          .slice(refused)
          .map(({ body }) => JSON.parse(body) as WebhookBody)
          .filter(({ type }) => type === "incident.opened")
          // What opened together may have been told together.
          .flatMap(({ kind, agent, members }) =>
            [...members.map((one) => one.agent), agent].map((name) => `${kind} ${name}`),
          )
          .filter((told) => !told.endsWith(" null")),
      );
    const deadline = Date.now() + 40_000;
    while (paged().size < agents && Date.now() < deadline) await pause(50);
    assert.deepEqual(paged(), new Set(acknowledged.map((_, n) => `runaway load-${n}`)));
  } finally {
    await kill(second, "SIGKILL");
    await rm(folder, { recursive: true, force: true });
  }
});

test("a command that was accepted is there after kill -9, once, and so is who asked", { timeout: 60_000 }, async () => {
  const folder = await mkdtemp(join(tmpdir(), "midwatch-kill-"));
  const file = join(folder, "midwatch.db");
  await using hook = await startReceiver();
  const first = await startProcess(file, hook.url, 600);
  await send(first, "/api/v1/supervisors/sup-1/batch", declaration("kept"));
  const asked = await send(first, "/api/v1/agents/kept/restart", { by: "Ada", dependents: true });
  await kill(first, "SIGKILL");
  assert.equal(asked, 202);
  const second = await startProcess(file, hook.url, 600);
  try {
    const path = "/api/v1/supervisors/sup-1/commands?wait_s=0";
    const { commands } = await get<CommandsAnswer>(second, path);
    assert.deepEqual(
      commands.map(({ agent, command, dependents, by }) => ({ agent, command, dependents, by })),
      [{ agent: "kept", command: "restart", dependents: true, by: "Ada" }],
    );
    await send(second, `/api/v1/supervisors/sup-1/commands/${commands[0]?.id}/outcome`, { ok: true, message: "done" });
    assert.deepEqual((await get<CommandsAnswer>(second, path)).commands, []);
  } finally {
    await kill(second, "SIGKILL");
    await rm(folder, { recursive: true, force: true });
  }
});

test("an outage of the server longer than two intervals alerts for no agent", { timeout: 60_000 }, async () => {
  const folder = await mkdtemp(join(tmpdir(), "midwatch-kill-"));
  const file = join(folder, "midwatch.db");
  await using hook = await startReceiver();
  const first = await startProcess(file, hook.url, 1);
  for (let n = 0; n < 6; n += 1) await beat(first, { agent: `steady-${n}` });
  await kill(first, "SIGKILL");
  // Two intervals of 1 s, their grace of 1 s, and more than that.
  await pause(4_500);
  const second = await startProcess(file, hook.url, 1);
  try {
    const { items: agents } = await get<Page<AgentView>>(second, "/api/v1/agents");
    assert.equal(agents.length, 6);
    for (const { name, state } of agents) assert.ok(state === "unknown" || state === "late", `${name} is ${state}`);
    for (let n = 0; n < 6; n += 1) assert.equal((await beat(second, { agent: `steady-${n}` }))?.state, "up");
    const { items } = await get<Page<IncidentView>>(second, "/api/v1/incidents");
    assert.deepEqual(items, []);
    assert.equal(hook.received.length, 0);
    // And it does see again: an agent that stays silent from now on is told of.
    await hook.arrived(1);
  } finally {
    await kill(second, "SIGTERM");
    await rm(folder, { recursive: true, force: true });
  }
});
