// A month of four agents, told to a real ledger beat by beat: one well, one that creeps, one restarted at three each night, one
// whose memory grows until it dies.

import { DAY, HOUR, MINUTE, type Ms } from "@midwatch/core";
import { Temporal } from "temporal-polyfill";
import { interval, WatchInTest } from "./watch-in-test.ts";

const berlin = "Europe/Berlin";
/** The last midnight of October 2026 in Berlin: a month with a day of 25 hours. */
export const monthEnd: Ms = Date.UTC(2026, 9, 31, 23);
export const monthStart: Ms = Date.UTC(2026, 8, 30, 22);

export async function eventfulMonth(): Promise<WatchInTest> {
  const watch = await WatchInTest.open(berlin, monthStart - DAY);
  const first = Temporal.PlainDate.from("2026-10-01");
  for (let n = 0; n < 31; n += 1) {
    const local = first.add({ days: n });
    const startOf = (time?: string): Ms =>
      local.toZonedDateTime({ timeZone: berlin, ...(time === undefined ? {} : { plainTime: time }) }).epochMilliseconds;
    const [day, to] = [startOf(), local.add({ days: 1 }).toZonedDateTime(berlin).epochMilliseconds];
    await watch.beats("steady", day, to, spent(1_500));
    await watch.beats("creeping", day, to, spent(Math.round(2_000 * 1.3 ** (n / 7))));
    // Its night ends at three; the next run begins ten minutes later.
    const three = startOf("03:00");
    await watch.beats("nightly", day, three, { ...spent(800), run_id: `night-${n}` });
    await watch.beats("nightly", three + 2 * interval, to, { ...spent(800), run_id: `night-${n + 1}` });
    await leakingDay(watch, day, to, n);
  }
  watch.now = monthEnd + 8 * HOUR;
  return watch;
}

async function leakingDay(watch: WatchInTest, day: Ms, to: Ms, n: number): Promise<void> {
  // Every tenth day it is full, and the process is killed at a time of its own.
  const full = n % 10 === 9;
  const dies = full ? day + (5 + n / 2) * HOUR : to;
  for (let at = day; at < dies; at += HOUR) {
    const rss = 200 + ((n % 10) * 24 + (at - day) / HOUR) * 8;
    await watch.beats("leaking", at, Math.min(at + HOUR, dies), {
      ...spent(900),
      run_id: runOf(n),
      metrics: { rss_mb: rss },
    });
  }
  if (!full) return;
  const exit = { code: null, signal: "SIGKILL", stoppedFor: null, oom: null, lastLines: [] };
  await watch.apply("leaking", { type: "exited", at: dies, runId: runOf(n), exit });
  const more = { ...spent(900), run_id: runOf(n + 1), metrics: { rss_mb: 200 } };
  await watch.beats("leaking", dies + 2 * MINUTE, to, more);
}

const runOf = (day: number): string => `leak-${Math.floor(day / 10)}`;

function spent(tokens: number): Readonly<Record<string, unknown>> {
  const usage = { provider: "anthropic", model: "claude-sonnet-5", input_tokens: tokens - 100, output_tokens: 100 };
  return {
    tokens_used: tokens,
    cost_usd: tokens * 3e-6,
    cycle_ms: tokens * 2,
    usage: [{ ...usage, cost_usd: tokens * 3e-6 }],
  };
}
