// `npm run bench -- outbox`: what a look into the outbox costs while a channel is down: 50,000 messages wait for it behind
// the one of each agent that is tried again later, and 5,000 for a channel that works. Beside it the same looks where nothing
// waits, or only what works. Workers look several times a second, and mostly find nothing.

import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { DAY, HOUR, MINUTE, type Ms } from "@midwatch/core";
import { openSqliteStore, type Store } from "@midwatch/store";
import { median, spellCount, type Bench } from "./finding.ts";
import { printTable } from "./table.ts";

const agents = 2_000;
const deadRows = 50_000;
const workingRows = 5_000;
const rounds = 300;
const aimTimes = 3;
const now: Ms = Date.UTC(2026, 10, 24, 3);

interface Looks {
  /** Microseconds. */
  readonly forNothing: number;
  readonly forFour: number;
  /** Written, claimed and finished. */
  readonly sent: number;
  readonly lag: number;
  readonly prune: number;
}

export const run: Bench = async () => {
  const idle = await inStore(async (store) => {
    await fill(store, "works", workingRows);
    return measure(store);
  });
  const crowded = await inStore(async (store) => {
    await fill(store, "dead", deadRows);
    await failHeads(store);
    await fill(store, "works", workingRows);
    return measure(store);
  });
  const empty = await inStore((store) => timeOf(rounds, () => store.claimOutbox(look(4))));
  const rows = [
    ["a claim that finds nothing", empty, crowded.forNothing],
    ["a claim that returns four", idle.forFour, crowded.forFour],
    ["a message written, claimed and sent", idle.sent, crowded.sent],
    ["how far it lags, for /metrics", idle.lag, crowded.lag],
    ["deleting what is too old, and nothing is", idle.prune, crowded.prune],
  ] as const;
  printTable(
    `Microseconds, without and with ${spellCount(deadRows)} messages of ${spellCount(agents)} agents that wait for a dead channel`,
    ["what", "without", "with", "times"],
    rows.map(([what, without, beside]) => [what, without.toFixed(0), beside.toFixed(0), (beside / without).toFixed(1)]),
  );
  return rows.slice(0, 3).map(([what, without, beside]) => ({
    what: `${what}, beside the same without a dead channel`,
    measured: `${(beside / without).toFixed(1)} times`,
    aim: `less than ${aimTimes} times`,
    met: beside / without < aimTimes,
  }));
};

const look = (limit: number, excludeChannels: readonly string[] = []) => {
  return { now, leaseUntil: now + MINUTE, limit, excludeChannels };
};

async function measure(store: Store): Promise<Looks> {
  const forNothing = await timeOf(rounds, () => store.claimOutbox(look(4, ["works"])));
  const forFour = await timeOf(rounds, () => store.claimOutbox(look(4)));
  let n = 0;
  const sent = await timeOf(rounds, async () => {
    const agent = `late-${(n += 1)}`;
    // Due longer than anything else, so that it is the one that is claimed.
    await store.addOutbox([{ key: agent, channel: "works", agent, at: now - HOUR, body: {} }]);
    const [row] = await store.claimOutbox(look(1));
    if (row?.key !== agent) throw new Error(`claimed ${row?.key} in place of ${agent}`);
    await store.finishOutbox(row.id, { sent: true, at: now, tookMs: 5 });
  });
  const lag = await timeOf(rounds / 10, () => store.outboxLag(now));
  const old = now - DAY;
  const before = { beats: old, history: old, incidents: old, outbox: old };
  return { forNothing, forFour, sent, lag, prune: await timeOf(rounds / 10, () => store.prune(before, 500)) };
}

/** One message after the other to each agent in turn. */
async function fill(store: Store, channel: string, rows: number): Promise<void> {
  const text = "No beat since 03:12:00 UTC; expected one every minute. ".repeat(12);
  const drafts = Array.from({ length: rows }, (_, n) => {
    return { key: `${channel}-${n}`, channel, agent: `agent-${n % agents}`, at: now - MINUTE, body: { text } };
  });
  await store.addOutbox(drafts);
}

/** The first message of each agent was tried in vain, and is tried again in an hour. */
async function failHeads(store: Store): Promise<void> {
  for (const { id } of await store.claimOutbox(look(agents))) {
    await store.finishOutbox(id, { sent: false, at: now, tookMs: 5, error: "refused", retryAt: now + HOUR });
  }
}

async function timeOf(count: number, work: () => Promise<unknown>): Promise<number> {
  const times: number[] = [];
  for (let round = 0; round < count; round += 1) {
    const from = performance.now();
    await work();
    times.push((performance.now() - from) * 1_000);
  }
  return median(times);
}

async function inStore<T>(body: (store: Store) => Promise<T>): Promise<T> {
  const folder = mkdtempSync(join(tmpdir(), "midwatch-bench-"));
  const store = await openSqliteStore({ file: join(folder, "midwatch.db") });
  try {
    return await body(store);
  } finally {
    await store.close();
    rmSync(folder, { recursive: true });
  }
}
