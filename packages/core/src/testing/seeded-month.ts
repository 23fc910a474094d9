// A month of one agent, from a seed: what it used each hour, how long its cycles took, when it was restarted, how its runs
// died. Quiet unless told otherwise, and quiet as real months are: nights and weekends, heavy tails, a bad day, a few crashes.

import type { HistoryEntry } from "../effect.ts";
import type { HourFacts, IncidentFact } from "../report/facts.ts";
import type { Death, SlowFacts } from "../report/patterns/slow-facts.ts";
import { DAY, HOUR, MINUTE, type Ms } from "../time.ts";
import { randomOf, type Random } from "./random.ts";
import { daysUpTo, entry, incident, midnight } from "./report-facts.ts";

export interface MonthPlan {
  readonly seed: number;
  /** Days the agent is known. */
  readonly days?: number;
  /** Growth of tokens per cycle, and of the length of cycles, in a week: 0.25 is 25 %. */
  readonly tokensGrow?: number;
  readonly cyclesGrow?: number;
  /** From this day on, tokens per cycle are so many times what they were. */
  readonly jump?: { readonly day: number; readonly times: number };
  /** Restarted each day about this many minutes after midnight. */
  readonly restartedAt?: number;
  readonly crashes?: number;
  /** Of a run, in bytes an hour; it dies when it holds 2 GB. */
  readonly leaks?: number;
}

export interface Month {
  readonly days: ReturnType<typeof daysUpTo>;
  readonly facts: SlowFacts;
}

export function seededMonth(plan: MonthPlan): Month {
  const random = randomOf(plan.seed);
  const days = daysUpTo(midnight, plan.days ?? 30);
  const first = days[0]?.from ?? midnight;
  const restarts = restartTimes(plan, first, days.length, random);
  return {
    days,
    facts: {
      hours: hoursOf(plan, first, days.length, random),
      history: restarts.flatMap((at) => restartEntries(at, random)),
      incidents: quietIncidents(first, days.length, random),
      deaths: plan.leaks === undefined ? quietDeaths(restarts, random) : leakingDeaths(plan.leaks, restarts, random),
    },
  };
}

function hoursOf(plan: MonthPlan, first: Ms, days: number, random: Random): readonly HourFacts[] {
  const usual = 500 * Math.exp(random() * 5);
  const usualMs = 2_000 * Math.exp(random() * 4);
  // How wild the hours of an agent are, and whether it rests at night and on Sundays.
  const wild = 0.05 + random() * 0.6;
  const rests = random() < 0.5;
  const week = Array.from({ length: 7 }, (_, day) => (day === 0 ? 0.7 + random() * 0.6 : 1));
  const hours: HourFacts[] = [];
  for (let hour = 0; hour < days * 24; hour += 1) {
    const at = first + hour * HOUR;
    const day = Math.floor(hour / 24);
    const night = hour % 24 < 6;
    if (rests && night && random() < 0.9) continue;
    const weekday = week[day % 7] ?? 1;
    const grown = (perWeek = 0): number => (1 + perWeek) ** (day / 7);
    const jumped = plan.jump && day >= plan.jump.day ? plan.jump.times : 1;
    const cycles = 1 + Math.floor(random() * 60);
    const each = usual * weekday * jumped * grown(plan.tokensGrow) * Math.exp(wild * normal(random));
    const eachMs = usualMs * grown(plan.cyclesGrow) * Math.exp(wild * normal(random));
    hours.push({
      hour: at,
      cycles,
      tokens: Math.round(each * cycles),
      maxCycleTokens: Math.round(each * 2),
      costUsdMicros: Math.round(each * cycles * 3),
      unpricedBeats: 0,
      timedCycles: cycles,
      cycleMs: eachMs * cycles,
      maxMemoryBytes: 2e8 * Math.exp(0.1 * normal(random)),
    });
  }
  return hours;
}

function restartTimes(plan: MonthPlan, first: Ms, days: number, random: Random): readonly Ms[] {
  const crashes = plan.crashes ?? Math.floor(random() * 5);
  const anywhere = Array.from({ length: crashes }, () => first + Math.floor(random() * days * DAY));
  if (plan.restartedAt === undefined) return anywhere.toSorted((a, b) => a - b);
  const minute = plan.restartedAt;
  const daily = Array.from({ length: days }, (_, day) => first + day * DAY + (minute + random() * 6 - 3) * MINUTE);
  return [...anywhere, ...daily.filter((at) => at >= first)].toSorted((a, b) => a - b);
}

function restartEntries(at: Ms, random: Random): readonly HistoryEntry[] {
  const code = 1 + Math.floor(random() * 3);
  return [
    entry(at - 1_000, "exited", { code, signal: null, oom: null, stopped_for: null }),
    entry(at, "restarted", { attempt: 1, by: "supervisor", reason: `exit status ${code}` }),
    entry(at + 1_000, "run-started", { run_id: `r${at}`, before: "earlier" }),
    entry(at + 10 * MINUTE, "recovery-changed", { phase: "healthy", attempt: 0, of: 3, until: null }),
  ];
}

/** Fewer than would teach anybody anything, of kinds that come by themselves and go. */
function quietIncidents(first: Ms, days: number, random: Random): readonly IncidentFact[] {
  return Array.from({ length: Math.floor(random() * 6) }, (_, index) => {
    const since = first + Math.floor(random() * days * DAY);
    const resolvedAt = since + Math.floor(random() * HOUR);
    const kind = random() < 0.5 ? ("silent" as const) : ("crashed" as const);
    return incident({ id: index + 1, kind, since, openedAt: since, resolvedAt, resolvedBy: "itself" });
  });
}

function quietDeaths(restarts: readonly Ms[], random: Random): readonly Death[] {
  return restarts.map((at) => {
    const memory = Array.from({ length: 20 }, (_, n) => ({
      at: at - (20 - n) * HOUR,
      bytes: 2e8 * Math.exp(0.2 * normal(random)),
    }));
    return { from: at - 20 * HOUR, at, cause: "crashed 1", memory };
  });
}

function leakingDeaths(bytesPerHour: number, restarts: readonly Ms[], random: Random): readonly Death[] {
  const hours = Math.ceil(1.8e9 / bytesPerHour);
  return restarts.map((at) => {
    const memory = Array.from({ length: hours }, (_, n) => {
      return { at: at - (hours - n) * HOUR, bytes: 2e8 + n * bytesPerHour + 1e7 * normal(random) };
    });
    return { from: at - hours * HOUR, at, cause: "out of memory (certain)", memory };
  });
}

/** Box–Muller. */
function normal(random: Random): number {
  return Math.sqrt(-2 * Math.log(1 - random())) * Math.cos(2 * Math.PI * random());
}
