// Metered calls: one row each, found again by its key, and their sums per hour and model. Calls that another source has told
// of stand beside the others with `counted` 0, in rows and sums alike, so that the two can be compared.

import {
  HOUR,
  tokensOf,
  type CallOutcome,
  type CallSource,
  type CallTokens,
  type Ms,
  type Price,
} from "@midwatch/core";
import { cursorAt, limitOf, pageOf } from "../cursor.ts";
import type {
  AgentRow,
  CallRecord,
  KnownCalls,
  ModelHourRow,
  ModelSum,
  PageOf,
  PageQuery,
  StoredCall,
  UsageRecord,
} from "../store.ts";
import { addToHour } from "./beats.ts";
import { number, numberOrNull, text, textOrNull } from "./columns.ts";
import type { Columns, Connection } from "./connection.ts";

const findCall = "SELECT 1 FROM calls WHERE agent_id = ? AND key = ?";

export function knownCalls(db: Connection, rows: ReadonlyMap<string, AgentRow>): KnownCalls {
  return {
    has: (agent, key) => {
      const row = rows.get(agent);
      return row !== undefined && db.get(findCall, row.id, key) !== undefined;
    },
  };
}

const insertCall = `
INSERT INTO calls (agent_id, key, at, source, provider, model, input_tokens, output_tokens, cache_read_tokens,
  cache_write_tokens, reasoning_tokens, calls, reported_usd_micros, cost_usd_micros, priced_by, price_version, outcome,
  estimated, counted, trace, session, remarks)
VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)`;

export function addCalls(db: Connection, agentId: number, records: readonly CallRecord[]): void {
  for (const { call, price, counted } of records) {
    db.statement(insertCall).run(
      agentId,
      call.key,
      call.at,
      call.source,
      call.provider ?? "",
      call.model ?? "",
      call.inputTokens,
      call.outputTokens,
      call.cacheReadTokens,
      call.cacheWriteTokens,
      call.reasoningTokens,
      call.calls,
      call.costUsdMicros,
      price?.costUsdMicros ?? null,
      price?.by ?? null,
      price?.version ?? null,
      call.outcome,
      call.isEstimated ? 1 : 0,
      counted ? 1 : 0,
      call.trace,
      call.session,
      call.remarks.length === 0 ? null : JSON.stringify(call.remarks),
    );
  }
  for (const sum of sumsOf(records.map(modelUse))) addSum(db, agentId, sum);
  for (const sum of hoursOf(records)) addToHour(db, agentId, sum);
}

/** What beats told of models. Its tokens are in the rows of the beats already. */
export function addUsage(db: Connection, agentId: number, records: readonly UsageRecord[]): void {
  const uses = records.map(({ at, usage, costUsdMicros, counted }): ModelUse => {
    const { provider, model, calls } = usage;
    return { at, provider, model, source: "beat", counted, calls, tokens: usage, costUsdMicros };
  });
  for (const sum of sumsOf(uses)) addSum(db, agentId, sum);
}

interface ModelUse {
  readonly at: Ms;
  readonly provider: string | null;
  readonly model: string | null;
  readonly source: CallSource | "beat";
  readonly counted: boolean;
  readonly calls: number;
  readonly tokens: CallTokens;
  /** Null is unpriced. */
  readonly costUsdMicros: number | null;
}

type Sum = Omit<ModelHourRow, "agent">;

function modelUse({ call, price, counted }: CallRecord): ModelUse {
  const { at, provider, model, source, calls } = call;
  return { at, provider, model, source, counted, calls, tokens: call, costUsdMicros: price?.costUsdMicros ?? null };
}

/** One row for each hour and model, however many calls there were: a batch of telemetry brings thousands of the same. */
function sumsOf(uses: readonly ModelUse[]): readonly Sum[] {
  const sums = new Map<string, Sum>();
  for (const use of uses) {
    const hour = use.at - (use.at % HOUR);
    const key = `${hour}\n${use.provider ?? ""}\n${use.model ?? ""}\n${use.source}\n${use.counted}`;
    const before = sums.get(key);
    const { tokens } = use;
    sums.set(key, {
      hour,
      provider: use.provider,
      model: use.model,
      source: use.source,
      counted: use.counted,
      calls: (before?.calls ?? 0) + use.calls,
      inputTokens: (before?.inputTokens ?? 0) + tokens.inputTokens,
      outputTokens: (before?.outputTokens ?? 0) + tokens.outputTokens,
      cacheReadTokens: (before?.cacheReadTokens ?? 0) + tokens.cacheReadTokens,
      cacheWriteTokens: (before?.cacheWriteTokens ?? 0) + tokens.cacheWriteTokens,
      reasoningTokens: (before?.reasoningTokens ?? 0) + tokens.reasoningTokens,
      costUsdMicros: (before?.costUsdMicros ?? 0) + (use.costUsdMicros ?? 0),
      unpricedTokens: (before?.unpricedTokens ?? 0) + (use.costUsdMicros === null ? tokensOf(tokens) : 0),
    });
  }
  return [...sums.values()];
}

const sums = [
  "calls",
  "input_tokens",
  "output_tokens",
  "cache_read_tokens",
  "cache_write_tokens",
  "reasoning_tokens",
  "cost_usd_micros",
  "unpriced_tokens",
];

const upsertSum = `
INSERT INTO call_hours (agent_id, hour, provider, model, source, counted, ${sums.join(", ")})
VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
ON CONFLICT DO UPDATE SET ${sums.map((column) => `${column} = ${column} + excluded.${column}`).join(", ")}`;

function addSum(db: Connection, agentId: number, sum: Sum): void {
  db.statement(upsertSum).run(
    agentId,
    sum.hour,
    sum.provider ?? "",
    sum.model ?? "",
    sum.source,
    sum.counted ? 1 : 0,
    sum.calls,
    sum.inputTokens,
    sum.outputTokens,
    sum.cacheReadTokens,
    sum.cacheWriteTokens,
    sum.reasoningTokens,
    sum.costUsdMicros,
    sum.unpricedTokens,
  );
}

/** What the calls that count add to the agent's hours. */
function hoursOf(records: readonly CallRecord[]): readonly Parameters<typeof addToHour>[2][] {
  const hours = new Map<Ms, Parameters<typeof addToHour>[2]>();
  for (const { call, price, counted } of records) {
    const tokens = tokensOf(call);
    if (!counted || tokens === 0) continue;
    const hour = call.at - (call.at % HOUR);
    const before = hours.get(hour);
    hours.set(hour, {
      hour,
      tokens: (before?.tokens ?? 0) + tokens,
      costUsdMicros: (before?.costUsdMicros ?? 0) + (price?.costUsdMicros ?? 0),
      unpriced: (before?.unpriced ?? 0) + (price === null ? 1 : 0),
    });
  }
  return [...hours.values()];
}

const pageOfCalls = `
SELECT * FROM calls WHERE agent_id = ? AND at >= ? AND at <= ? AND (at, key) < (?, ?)
ORDER BY at DESC, key DESC LIMIT ?`;

export function readCalls(
  db: Connection,
  agent: { readonly id: number; readonly name: string },
  query: PageQuery & { readonly from?: Ms; readonly to?: Ms },
): PageOf<StoredCall> {
  const place = cursorAt(query);
  const last = query.to === undefined ? place.at : Math.min(place.at, query.to - 1);
  const rows = db.all(pageOfCalls, agent.id, query.from ?? 0, last, place.at, place.key, limitOf(query) + 1);
  return pageOf(
    rows.map((row) => callOf(row, agent.name)),
    query,
    ({ call }) => [call.at, call.key],
  );
}

const tracesCounted = `
SELECT DISTINCT trace FROM calls WHERE trace IN (SELECT value FROM json_each(?)) AND counted = 1`;

export function readCountedTraces(db: Connection, traces: readonly string[]): ReadonlySet<string> {
  return new Set(db.all(tracesCounted, JSON.stringify(traces)).map((row) => text(row, "trace")));
}

const modelHoursOf = (which: string): string => `
SELECT name, call_hours.* FROM agents CROSS JOIN call_hours ON agent_id = agents.id
WHERE hour >= ?1 AND hour < ?2 ${which} ORDER BY name, hour, provider, model, source, counted`;
const modelHoursOfAll = modelHoursOf("");
const modelHoursOfOne = modelHoursOf("AND agent_id = ?3");

export function readModelHours(db: Connection, agentId: number | null, from: Ms, to: Ms): readonly ModelHourRow[] {
  const rows = agentId === null ? db.all(modelHoursOfAll, from, to) : db.all(modelHoursOfOne, from, to, agentId);
  return rows.map((row) => ({
    agent: text(row, "name"),
    hour: number(row, "hour"),
    ...modelOf(row),
    source: text(row, "source") as ModelHourRow["source"],
    counted: number(row, "counted") === 1,
    calls: number(row, "calls"),
    ...tokensIn(row),
    costUsdMicros: number(row, "cost_usd_micros"),
    unpricedTokens: number(row, "unpriced_tokens"),
  }));
}

const modelSumsOf = (which: string): string => `
SELECT name, provider, model, sum(calls) AS calls, CAST(sum(input_tokens + output_tokens) AS REAL) AS tokens,
  CAST(sum(cost_usd_micros) AS REAL) AS cost_usd_micros, CAST(sum(unpriced_tokens) AS REAL) AS unpriced_tokens
FROM agents CROSS JOIN call_hours ON agent_id = agents.id
WHERE hour >= ?1 AND hour < ?2 AND counted = 1 ${which}
GROUP BY agents.id, provider, model ORDER BY name, provider, model`;
const modelSumsOfAll = modelSumsOf("");
const modelSumsOfOne = modelSumsOf("AND agent_id = ?3");

export function readModelSums(db: Connection, agentId: number | null, from: Ms, to: Ms): readonly ModelSum[] {
  const rows = agentId === null ? db.all(modelSumsOfAll, from, to) : db.all(modelSumsOfOne, from, to, agentId);
  return rows.map((row) => ({
    agent: text(row, "name"),
    ...modelOf(row),
    calls: number(row, "calls"),
    tokens: number(row, "tokens"),
    costUsdMicros: number(row, "cost_usd_micros"),
    unpricedTokens: number(row, "unpriced_tokens"),
  }));
}

function callOf(row: Columns, agent: string): StoredCall {
  const priced = numberOrNull(row, "cost_usd_micros");
  const remarks = textOrNull(row, "remarks");
  return {
    agent,
    counted: number(row, "counted") === 1,
    price:
      priced === null
        ? null
        : // Written by `addCalls` only, here and below.
          { costUsdMicros: priced, by: text(row, "priced_by") as Price["by"], version: text(row, "price_version") },
    call: {
      key: text(row, "key"),
      at: number(row, "at"),
      source: text(row, "source") as CallSource,
      ...modelOf(row),
      ...tokensIn(row),
      calls: number(row, "calls"),
      costUsdMicros: numberOrNull(row, "reported_usd_micros"),
      outcome: text(row, "outcome") as CallOutcome,
      isEstimated: number(row, "estimated") === 1,
      tools: [],
      promptHash: null,
      trace: textOrNull(row, "trace"),
      session: textOrNull(row, "session"),
      remarks: remarks === null ? [] : (JSON.parse(remarks) as string[]),
    },
  };
}

function modelOf(row: Columns): { readonly provider: string | null; readonly model: string | null } {
  return { provider: text(row, "provider") || null, model: text(row, "model") || null };
}

function tokensIn(row: Columns): CallTokens {
  return {
    inputTokens: number(row, "input_tokens"),
    outputTokens: number(row, "output_tokens"),
    cacheReadTokens: number(row, "cache_read_tokens"),
    cacheWriteTokens: number(row, "cache_write_tokens"),
    reasoningTokens: number(row, "reasoning_tokens"),
  };
}
