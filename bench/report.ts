// `npm run bench -- report`: how long the report of a month over 200 agents takes, from the store to data and text, beside what
// merely reading the same agents' hours from the store takes. Two months of beats, one every five minutes; the report reads
// hours, and a beat a minute would make no more of them. Every tenth agent is restarted twice a day, and tells its memory.

import { DAY, HOUR, MINUTE, defaultSettings, newAgent, type HistoryEntry, type Ms } from "@midwatch/core";
import type { AgentWrite, BeatRecord, Store, UsageRecord } from "@midwatch/store";
import { createReporter } from "../packages/server/src/report/index.ts";
import { settingsMerger } from "../packages/server/src/settings.ts";
import { median, spellCount, spellMs, type Bench } from "./finding.ts";
import { inStore } from "./in-store.ts";
import { printTable } from "./table.ts";

const agents = 200;
const days = 61;
const everyMs = 5 * MINUTE;
const rounds = 5;
const aimMs = 2_000;
const start: Ms = Date.UTC(2026, 8, 1);
const now: Ms = Date.UTC(2026, 10, 1, 8);

export const run: Bench = () =>
  inStore(async (store) => {
    for (let n = 0; n < agents; n += 1) await liveThrough(store, n);
    const reporter = createReporter({
      store,
      clock: { now: () => now },
      settingsOf: settingsMerger(defaultSettings),
      timeZone: "Europe/Berlin",
    });
    const rows: Record<string, number[]> = { "reading the hours alone": [], "a day": [], "a week": [], "a month": [] };
    for (let round = 0; round <= rounds; round += 1) {
      await timed(round, rows["reading the hours alone"], () => store.hours({ from: start, to: now }));
      for (const period of ["day", "week", "month"] as const) {
        await timed(round, rows[`a ${period}`], async () => {
          const made = await reporter.make({ period, date: "2026-10-30", timeZone: null, agent: null });
          return reporter.text(reporter.view(made));
        });
      }
    }
    const yardstick = median(rows["reading the hours alone"] ?? []);
    const month = median(rows["a month"] ?? []);
    printTable(
      `Reports over ${agents} agents and ${spellCount((agents * days * DAY) / everyMs)} beats`,
      ["what", "time", "times the reading"],
      Object.entries(rows).map(([what, times]) => [
        what,
        spellMs(median(times)),
        (median(times) / yardstick).toFixed(1),
      ]),
    );
    return [
      {
        what: `the report of a month over ${agents} agents`,
        measured: spellMs(month),
        aim: `less than ${spellMs(aimMs)}`,
        met: month < aimMs,
      },
    ];
  });

async function timed(round: number, times: number[] | undefined, work: () => Promise<unknown>): Promise<void> {
  const from = performance.now();
  await work();
  if (round > 0) times?.push(performance.now() - from);
}

async function liveThrough(store: Store, n: number): Promise<void> {
  const name = `agent-${n}`;
  const isRestless = n % 10 === 0;
  const state = { ...newAgent(name, start, defaultSettings), state: "up" as const, since: start };
  for (let day = 0; day < days; day += 1) {
    const from = start + day * DAY;
    const beats: BeatRecord[] = [];
    const usage: UsageRecord[] = [];
    for (let at = from; at < from + DAY; at += everyMs) {
      beats.push(beatAt(at, n));
      if (at % HOUR === 0) usage.push(usageAt(at));
    }
    const history = isRestless ? [...restart(from + 7 * HOUR + n * MINUTE), ...restart(from + 19 * HOUR)] : [];
    const write: AgentWrite = {
      ...{ name, state, deadline: null, moveDeadline: false },
      ...{ beats, usage, history, incidents: [] },
    };
    await store.fold([name], () => ({ agents: [write], notices: () => [] }));
  }
}

function beatAt(at: Ms, n: number): BeatRecord {
  const tokens = 1_000 + (((at / everyMs) * 7_919 + n * 104_729) % 900);
  return {
    ...{
      at,
      ts: null,
      status: "ok",
      runId: "run",
      seq: null,
      cycle: null,
      cycleKind: null,
      late: false,
      message: null,
    },
    ...{ cycleMs: tokens * 3, tokens, cycleTokens: tokens, costUsdMicros: tokens * 3, baseline: 1_400 },
    memoryBytes: 2e8 + tokens * 1e4,
  };
}

function usageAt(at: Ms): UsageRecord {
  const counts = {
    inputTokens: 14_000,
    outputTokens: 2_000,
    cacheReadTokens: 0,
    cacheWriteTokens: 0,
    reasoningTokens: 0,
  };
  const usage = { provider: "anthropic", model: "claude-sonnet-5", calls: 12, costUsdMicros: null, ...counts };
  return { at, usage, costUsdMicros: 50_000, counted: true };
}

function restart(at: Ms): readonly HistoryEntry[] {
  const entry = (time: Ms, kind: HistoryEntry["kind"], text: string, data: HistoryEntry["data"]): HistoryEntry => {
    return { at: time, kind, text, data };
  };
  return [
    entry(at, "exited", "crashed 3", { code: 3, signal: null, oom: null, stopped_for: null }),
    entry(at, "state-changed", "up → down: crashed 3", { from: "up", to: "down" }),
    entry(at + 1, "restarted", "restart 1 of 3", { attempt: 1, by: "supervisor", reason: "exit status 3" }),
    entry(at + 5_000, "run-started", "a new run", { run_id: `r${at}`, before: "earlier" }),
    entry(at + 5_000, "state-changed", "down → up: it beats", { from: "down", to: "up" }),
    entry(at + 600_000, "recovery-changed", "healthy", { phase: "healthy", attempt: 0, of: 3, until: null }),
  ];
}
