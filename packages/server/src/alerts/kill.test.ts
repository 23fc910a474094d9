// Between a beat and a delivered notification there are four places where a crash could lose something: after the
// decision, after it was routed, after it was claimed, and after the receiver has it. So the process is killed over and
// over, half the time at a random moment and half the time while a receiver holds its message. `MIDWATCH_KILLS=200` for more.

import assert from "node:assert/strict";
import { spawn, type ChildProcess } from "node:child_process";
import { once } from "node:events";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import { setTimeout as pause } from "node:timers/promises";
import { fileURLToPath } from "node:url";
import type { WebhookBody } from "@midwatch/protocol";
import { openSqliteStore, type StoredIncident } from "@midwatch/store";
import { startReceiver, type Received, type Receiver } from "../testing/loopback-receiver.ts";

const kills = Number(process.env["MIDWATCH_KILLS"] ?? 8);
/** At once, each with a database of its own: starting a process is what takes the time. */
const chains = 4;

async function startAlerting(file: string, hook: string, mode = ""): Promise<ChildProcess> {
  const script = fileURLToPath(new URL("../testing/alerting-process.ts", import.meta.url));
  const flags = ["--conditions=midwatch-source", "--disable-warning=ExperimentalWarning"];
  const child = spawn(process.execPath, [...flags, script, file, hook, mode], { stdio: ["ignore", "pipe", "inherit"] });
  const [first] = (await Promise.race([once(child.stdout, "data"), once(child, "exit")])) as [unknown];
  if (!Buffer.isBuffer(first)) throw new Error("the alerting process ended before it was ready");
  return child;
}

async function kill(child: ChildProcess): Promise<void> {
  const ended = once(child, "exit");
  child.kill("SIGKILL");
  await ended;
}

async function killedWhileHeld(child: ChildProcess, hook: Receiver): Promise<void> {
  const held = Promise.withResolvers<undefined>();
  hook.answerWith(() => held.resolve(undefined));
  await held.promise;
  await kill(child);
  hook.answerWith((response) => response.end("ok"));
}

async function allIncidents(file: string): Promise<readonly StoredIncident[]> {
  const store = await openSqliteStore({ file });
  const found: StoredIncident[] = [];
  for (let cursor: string | null = null, first = true; first || cursor !== null; first = false) {
    const page = await store.incidents({ limit: 500, cursor });
    found.push(...page.items);
    cursor = page.next;
  }
  await store.close();
  return found.filter(({ incident }) => incident.severity !== "info").toReversed();
}

async function settled(file: string): Promise<boolean> {
  const store = await openSqliteStore({ file });
  const { waiting } = await store.noticeLag(0);
  const lag = await store.outboxLag(0);
  const gathering = await store.deskRows("gathering", 1);
  await store.close();
  return waiting === 0 && gathering.length === 0 && [...lag.values()].every((one) => one.waiting === 0);
}

/** What a message is about and where it went: "one inc_4_opened". */
function nameOf({ path, headers }: Received): string {
  const channel = path.split("/").at(-1) ?? "";
  return `${channel} ${String(headers["webhook-id"]).replace(`:${channel}`, "")}`;
}

function check(incidents: readonly StoredIncident[], received: readonly Received[]): void {
  const bodies = new Map<string, string>();
  const order: string[] = [];
  for (const one of received) {
    const name = nameOf(one);
    const before = bodies.get(name);
    if (before === undefined) order.push(name);
    assert.equal(one.body, before ?? one.body, `${name} came twice, and said different things`);
    bodies.set(name, one.body);
  }
  for (const channel of ["one", "two"]) {
    for (const [agent, own] of Map.groupBy(incidents, (incident) => incident.agent)) {
      const expected = own.flatMap(({ id, resolvedAt }) => [
        `${channel} inc_${id}_opened`,
        ...(resolvedAt === null ? [] : [`${channel} inc_${id}_resolved`]),
      ]);
      const came = order.filter((name) => {
        const { agent: whose } = JSON.parse(bodies.get(name) ?? "{}") as WebhookBody;
        return name.startsWith(`${channel} `) && whose === agent;
      });
      assert.deepEqual(came, expected, `${agent} on ${channel}`);
    }
  }
}

async function killOverAndOver(times: number): Promise<{ readonly incidents: number; readonly again: number }> {
  const folder = await mkdtemp(join(tmpdir(), "midwatch-kills-"));
  const file = join(folder, "midwatch.db");
  await using hook = await startReceiver();
  try {
    for (let n = 0; n < times; n += 1) {
      const child = await startAlerting(file, hook.url);
      if (n % 2 === 0) await pause(Math.random() * 150).then(() => kill(child));
      else await killedWhileHeld(child, hook);
    }
    await deliverTheRest(file, hook.url);
    const incidents = await allIncidents(file);
    check(incidents, hook.received);
    const keys = new Set(hook.received.map(nameOf));
    return { incidents: incidents.length, again: hook.received.length - keys.size };
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

/** What the others left behind, by one that makes nothing new. */
async function deliverTheRest(file: string, hook: string): Promise<void> {
  const last = await startAlerting(file, hook, "deliver");
  // A claim of a killed process lasts half a minute.
  for (let tries = 0; tries < 900 && !(await settled(file)); tries += 1) await pause(100);
  await kill(last);
}

test(
  `killed ${kills} times between beat and delivery, it loses no notification and keeps their order`,
  { timeout: 600_000 },
  async (t) => {
    const results = await Promise.all(Array.from({ length: chains }, () => killOverAndOver(Math.ceil(kills / chains))));
    const incidents = results.reduce((sum, one) => sum + one.incidents, 0);
    const again = results.reduce((sum, one) => sum + one.again, 0);
    t.diagnostic(`${incidents} incidents, ${again} messages came twice with the same key`);
    assert.ok(incidents > kills, "there was something to lose");
  },
);
