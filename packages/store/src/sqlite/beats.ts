// Where beats are kept; `schema-1.ts` says why in two tables. Every reader looks at both, so settling is never
// needed for a true answer, and what the tail holds is in no rollup yet: a beat moves to `beats` and into its hour in one
// transaction, which is what makes the hours exact however late a beat came.

import type { Ms } from "@midwatch/core";
import { lastMs, limitOf, pageOf, placeOf } from "../cursor.ts";
import type { BeatRecord, HourRow, PageOf, PageQuery, StoredBeat } from "../store.ts";
import { number, numberOrNull, text, textOrNull } from "./columns.ts";
import type { Columns, Connection } from "./connection.ts";

/**
 * The tail is settled when it holds this many beats. Smaller, each settling touches the same pages for fewer beats
 * (4,096: 6 µs a beat against 3); larger, the pause of about 60 ms that it makes grows.
 */
export const tailLimit = 16_384;

/** Totals stop here, just below what 64 bits hold: an overflow would make SQLite refuse the whole settling. */
const maxTotal = "9000000000000000000";

/**
 * An exact sum that never overflows: `sum` fails when it does, so the halves are added apart. What is put together
 * past 64 bits becomes a float, and is cut to `maxTotal`.
 */
function sumOf(column: string): string {
  return `coalesce(min(sum(${column} >> 20) * 1048576 + sum(${column} & 1048575), ${maxTotal}), 0)`;
}

const columns =
  "agent_id, at, ts, status, run_id, seq, cycle, cycle_kind, cycle_ms, tokens, cycle_tokens, cost_usd_micros, baseline, late, message, memory_bytes";

const appendBeat = `INSERT INTO beats_tail (${columns}) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)`;

export function append(db: Connection, agentId: number, beat: BeatRecord): void {
  db.statement(appendBeat).run(
    agentId,
    beat.at,
    beat.ts,
    beat.status,
    beat.runId,
    beat.seq,
    beat.cycle,
    beat.cycleKind,
    beat.cycleMs,
    beat.tokens,
    beat.cycleTokens,
    beat.costUsdMicros,
    beat.baseline,
    beat.late ? 1 : 0,
    beat.message,
    beat.memoryBytes,
  );
}

// Ids in the tail have no holes, and its ends are found at once.
const countTail = `
SELECT coalesce((SELECT max(id) FROM beats_tail) - (SELECT min(id) FROM beats_tail) + 1, 0) AS n`;

export function tailIsFull(db: Connection): boolean {
  return number(db.get(countTail) ?? {}, "n") >= tailLimit;
}

/** Rows of an older Midwatch know no cycles: each of their beats counts as one. */
const cycle = "coalesce(cycle_tokens, tokens)";

const tailHours = `
SELECT agent_id, at - at % 3600000 AS hour, sum(status <> 'metered') AS beats, sum(${cycle} > 0) AS cycles,
  ${sumOf("tokens")} AS tokens, max(${cycle}) AS max_cycle_tokens, ${sumOf("cost_usd_micros")} AS cost_usd_micros,
  sum(tokens > 0 AND cost_usd_micros IS NULL) AS unpriced_beats, sum(cycle_ms IS NOT NULL) AS timed_cycles,
  coalesce(sum(cycle_ms), 0.0) AS cycle_ms, max(memory_bytes) AS max_memory_bytes,
  sum(baseline IS NOT NULL AND ${cycle} > 0) AS judged_cycles,
  coalesce(sum(baseline) FILTER (WHERE ${cycle} > 0), 0.0) AS baseline_sum
FROM beats_tail`;

const rollUpTail = `
INSERT INTO agent_hours (agent_id, hour, beats, cycles, tokens, max_cycle_tokens, cost_usd_micros, unpriced_beats,
  timed_cycles, cycle_ms, max_memory_bytes, judged_cycles, baseline_sum)
${tailHours} WHERE true GROUP BY agent_id, hour
ON CONFLICT DO UPDATE SET
  beats = beats + excluded.beats,
  cycles = cycles + excluded.cycles,
  tokens = min(tokens + excluded.tokens, ${maxTotal}),
  max_cycle_tokens = max(max_cycle_tokens, excluded.max_cycle_tokens),
  cost_usd_micros = min(cost_usd_micros + excluded.cost_usd_micros, ${maxTotal}),
  unpriced_beats = unpriced_beats + excluded.unpriced_beats,
  timed_cycles = timed_cycles + excluded.timed_cycles,
  cycle_ms = cycle_ms + excluded.cycle_ms,
  judged_cycles = judged_cycles + excluded.judged_cycles,
  baseline_sum = baseline_sum + excluded.baseline_sum,
  -- Of the two, the one that is known.
  max_memory_bytes = coalesce(max(max_memory_bytes, excluded.max_memory_bytes), max_memory_bytes, excluded.max_memory_bytes)`;

const addMetered = `
INSERT INTO agent_hours (agent_id, hour, beats, cycles, tokens, max_cycle_tokens, cost_usd_micros, unpriced_beats)
VALUES (?, ?, 0, 0, ?, 0, ?, ?)
ON CONFLICT DO UPDATE SET
  tokens = min(tokens + excluded.tokens, ${maxTotal}),
  cost_usd_micros = min(cost_usd_micros + excluded.cost_usd_micros, ${maxTotal}),
  unpriced_beats = unpriced_beats + excluded.unpriced_beats`;

/** Adds metered calls to their hour: they are in no row of a beat. */
export function addToHour(
  db: Connection,
  agentId: number,
  sum: { readonly hour: Ms; readonly tokens: number; readonly costUsdMicros: number; readonly unpriced: number },
): void {
  db.statement(addMetered).run(agentId, sum.hour, sum.tokens, sum.costUsdMicros, sum.unpriced);
}

/** Rolls the tail up and files it by agent and time. Inside a transaction. */
export function settle(db: Connection): void {
  db.run(rollUpTail);
  db.run(`INSERT INTO beats (${columns}, id) SELECT ${columns}, id FROM beats_tail ORDER BY agent_id, at, id`);
  db.run("DELETE FROM beats_tail");
}

const span = "agent_id = ? AND at >= ? AND at <= ? AND (at, id) < (?, ?)";

const pageOfBeats = `
SELECT id, ${columns} FROM beats WHERE ${span}
UNION ALL SELECT id, ${columns} FROM beats_tail WHERE ${span}
ORDER BY at DESC, id DESC LIMIT ?`;

export function readBeats(
  db: Connection,
  agentId: number,
  query: PageQuery & { readonly from?: Ms; readonly to?: Ms },
): PageOf<StoredBeat> {
  const place = placeOf(query);
  const bounds = [agentId, query.from ?? 0, lastMs(place, query.to), place.at, place.id];
  const rows = db.all(pageOfBeats, ...bounds, ...bounds, limitOf(query) + 1).map(beatOf);
  return pageOf(rows, query, (last) => [last.at, last.id]);
}

const lastFiled = `SELECT id, ${columns} FROM beats WHERE agent_id = ? ORDER BY at DESC, id DESC LIMIT ?`;
const inTail = `SELECT id, ${columns} FROM beats_tail WHERE agent_id IN (SELECT value FROM json_each(?))`;

/** The last beats of each agent, oldest first. The tail is read once for all of them. */
export function readRecentBeats(
  db: Connection,
  agentIds: readonly number[],
  limit: number,
): ReadonlyMap<number, readonly StoredBeat[]> {
  const most = limitOf({ limit, cursor: null });
  const byAgent = new Map<number, StoredBeat[]>();
  for (const agentId of agentIds) byAgent.set(agentId, db.all(lastFiled, agentId, most).map(beatOf));
  for (const row of db.all(inTail, JSON.stringify(agentIds))) byAgent.get(number(row, "agent_id"))?.push(beatOf(row));
  for (const [agentId, beats] of byAgent) {
    const sorted = beats.toSorted((a, b) => a.at - b.at || a.id - b.id);
    byAgent.set(agentId, sorted.slice(Math.max(0, sorted.length - most)));
  }
  return byAgent;
}

// Totals are exact in the file and handed out as floats: `node:sqlite` refuses integers above 2^53 where the interface
// would rather have the nearest number. Agents come first in the join, so that each is a seek and not a scan of all hours.
const filedHoursOf = (which: string): string => `
SELECT name, hour, beats, cycles, CAST(tokens AS REAL), max_cycle_tokens, CAST(cost_usd_micros AS REAL), unpriced_beats,
  timed_cycles, cycle_ms, max_memory_bytes, baseline_sum / nullif(judged_cycles, 0)
FROM agents CROSS JOIN agent_hours ON agent_id = agents.id
WHERE hour >= ?1 AND hour < ?2 ${which} ORDER BY name, hour`;

/** What the tail has of these hours, together with what is filed of them. */
const youngHoursOf = (which: string): string => `
SELECT name, hour, sum(beats), sum(cycles), CAST(${sumOf("tokens")} AS REAL), max(max_cycle_tokens),
  CAST(${sumOf("cost_usd_micros")} AS REAL), sum(unpriced_beats), sum(timed_cycles), sum(cycle_ms), max(max_memory_bytes),
  sum(baseline_sum) / nullif(sum(judged_cycles), 0)
FROM (
  WITH young AS (${tailHours} WHERE at >= ?1 ${which} GROUP BY agent_id, hour HAVING hour >= ?1 AND hour < ?2)
  SELECT * FROM young
  UNION ALL SELECT agent_hours.* FROM young CROSS JOIN agent_hours USING (agent_id, hour)
) JOIN agents ON agents.id = agent_id
GROUP BY agent_id, hour`;

const ofAll = { filed: filedHoursOf(""), young: youngHoursOf("") };
const named = "IN (SELECT value FROM json_each(?3))";
const ofSome = { filed: filedHoursOf(`AND agents.id ${named}`), young: youngHoursOf(`AND agent_id ${named}`) };

/**
 * Hours that begin in [from, to). Most are filed, and need no adding up. A report reads hundreds of thousands of them: as rows of
 * values, which takes half of the time that objects do.
 */
export function readHours(db: Connection, agentIds: readonly number[] | null, from: Ms, to: Ms): readonly HourRow[] {
  const asked = agentIds === null ? ofAll : ofSome;
  const bounds = agentIds === null ? [from, to] : [from, to, JSON.stringify(agentIds)];
  const added = db.values(asked.young, ...bounds).map(hourOf);
  const hours = db.values(asked.filed, ...bounds).map(hourOf);
  const keyOf = ({ agent, hour }: HourRow): string => `${hour} ${agent}`;
  const young = new Map(added.map((hour) => [keyOf(hour), hour]));
  const since = Math.min(...added.map(({ hour }) => hour));
  const merged = hours.map((hour) => {
    const whole = hour.hour < since ? undefined : young.get(keyOf(hour));
    if (whole) young.delete(keyOf(hour));
    return whole ?? hour;
  });
  if (young.size === 0) return merged;
  return [...merged, ...young.values()].toSorted((a, b) =>
    a.agent === b.agent ? a.hour - b.hour : a.agent < b.agent ? -1 : 1,
  );
}

/** In the order of the columns above; what the schema says of them holds for what stands in a STRICT table. */
function hourOf(values: readonly unknown[]): HourRow {
  const [agent, hour, beats, cycles, tokens, maxCycleTokens, costUsdMicros, unpricedBeats, ...more] = values as [
    ...[string, number, number, number, number, number, number, number],
    ...[number, number, number | null, number | null],
  ];
  const [timedCycles, cycleMs, maxMemoryBytes, baseline] = more;
  return {
    ...{ agent, hour, beats, cycles, tokens, maxCycleTokens, costUsdMicros, unpricedBeats },
    ...{ timedCycles, cycleMs, maxMemoryBytes, baseline },
  };
}

function beatOf(row: Columns): StoredBeat {
  return {
    id: number(row, "id"),
    at: number(row, "at"),
    ts: numberOrNull(row, "ts"),
    // Written by `append` only, from a parsed beat.
    status: text(row, "status") as BeatRecord["status"],
    runId: textOrNull(row, "run_id"),
    seq: numberOrNull(row, "seq"),
    cycle: numberOrNull(row, "cycle"),
    cycleKind: textOrNull(row, "cycle_kind"),
    cycleMs: numberOrNull(row, "cycle_ms"),
    tokens: number(row, "tokens"),
    cycleTokens: numberOrNull(row, "cycle_tokens"),
    costUsdMicros: numberOrNull(row, "cost_usd_micros"),
    baseline: numberOrNull(row, "baseline"),
    late: number(row, "late") === 1,
    message: textOrNull(row, "message"),
    memoryBytes: numberOrNull(row, "memory_bytes"),
  };
}
