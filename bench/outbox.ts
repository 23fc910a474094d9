// `npm run bench -- outbox`: what a look into the outbox costs while a channel is down: 50,000 messages wait for it behind
// the one of each agent that is tried again later, and 5,000 for a channel that works. Beside it the same looks where nothing
// waits, or only what works. Workers look several times a second, and mostly find nothing.

import { DAY, HOUR, MINUTE, type Ms } from "@midwatch/core";
import type { Store } from "@midwatch/store";
import { median, spellCount, type Bench, type Finding } from "./finding.ts";
import { inStore } from "./in-store.ts";
import { printTable } from "./table.ts";

const agents = 2_000;
const deadRows = 50_000;
const workingRows = 5_000;
const rounds = 300;
const aimTimes = 3;
const now: Ms = Date.UTC(2026, 10, 24, 3);

/** Without the dead channel, and with it. */
type Pair = readonly [Store, Store];

export const run: Bench = () =>
  inStore((empty) =>
    inStore((calm) =>
      inStore(async (crowded) => {
        await fill(calm, "works", workingRows);
        await fill(crowded, "dead", deadRows);
        await failHeads(crowded);
        await fill(crowded, "works", workingRows);
        return tell(await measure(empty, [calm, crowded]));
      }),
    ),
  );

type Row = readonly [what: string, without: number, beside: number];

async function measure(empty: Store, pair: Pair): Promise<readonly Row[]> {
  const old = now - DAY;
  const before = { beats: old, history: old, incidents: old, outbox: old };
  return [
    await row("a claim that finds nothing", rounds, [empty, pair[1]], (store) => {
      return store.claimOutbox(look(4, ["works"]));
    }),
    await row("a claim that returns four", rounds, pair, (store) => store.claimOutbox(look(4))),
    await row("a message written, claimed and sent", rounds, pair, sendOne),
    await row("how far it lags, for /metrics", rounds / 10, pair, (store) => store.outboxLag(now)),
    await row("deleting what is too old, and nothing is", rounds / 10, pair, (store) => store.prune(before, 500)),
  ];
}

function tell(rows: readonly Row[]): readonly Finding[] {
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
}

const look = (limit: number, excludeChannels: readonly string[] = []) => {
  return { now, leaseUntil: now + MINUTE, limit, excludeChannels };
};

async function sendOne(store: Store, n: number): Promise<void> {
  const agent = `late-${n}`;
  // Due longer than anything else, so that it is the one that is claimed.
  await store.addOutbox([{ key: agent, channel: "works", agent, at: now - HOUR, body: {} }]);
  const [claimed] = await store.claimOutbox(look(1));
  if (claimed?.key !== agent) throw new Error(`claimed ${claimed?.key} in place of ${agent}`);
  await store.finishOutbox(claimed.id, { sent: true, at: now, tookMs: 5 });
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

/** Both stores in turns, so that what else the machine does falls on both. */
async function row(
  what: string,
  count: number,
  pair: Pair,
  work: (store: Store, n: number) => Promise<unknown>,
): Promise<Row> {
  const times: [number[], number[]] = [[], []];
  for (let n = 0; n < count; n += 1) {
    for (const at of [0, 1] as const) {
      const from = performance.now();
      await work(pair[at], n);
      times[at].push((performance.now() - from) * 1_000);
    }
  }
  return [what, median(times[0]), median(times[1])];
}
