// What was used, in words and as tables: by agent, by model, by day.

import { SECOND, spellCount, spellDuration, spellUsd } from "@midwatch/core";
import type { ModelUseView, ReportDayView, ReportView, UsageView } from "@midwatch/protocol";
import { line } from "./report-lines.ts";
import { spellDay } from "./local-times.ts";
import { spellPercent, spellSome } from "./spell-amounts.ts";
import type { Table } from "./section.ts";

const maxRows = 20;

export function usageOf({ tokens, cycles, cost_usd: cost, unpriced_beats: unpriced }: UsageView): string {
  if (tokens === 0) return "no tokens used";
  const missing = cost !== null && unpriced > 0 ? ` and ${spellSome(unpriced, "unpriced beat")}` : "";
  return `${spellCount(tokens)} tokens in ${spellSome(cycles, "cycle")}, ${spellMoney(cost)}${missing}`;
}

/** Unpriced is not free. */
export function spellMoney(usd: number | null): string {
  return usd === null ? "unpriced" : spellUsd(Math.round(usd * 1e6));
}

export function modelTable(caption: string, models: readonly ModelUseView[]): Table | null {
  return tableOf(
    { caption, columns: ["model", "calls", "tokens", "cost"] },
    models.map(({ provider, model, calls, tokens, cost_usd: cost, unpriced_tokens: unpriced }) => [
      line([provider, model].filter((part) => part !== null).join(" / ") || "not named"),
      spellCount(calls),
      spellCount(tokens),
      `${spellMoney(cost)}${cost !== null && unpriced > 0 ? " and unpriced" : ""}`,
    ]),
  );
}

export function agentTable(caption: string, { fleet }: ReportView): Table | null {
  return tableOf(
    { caption, columns: ["agent", "cycles", "tokens", "cost"] },
    fleet.spenders.map(({ agent, usage }) => [
      line(agent),
      spellCount(usage.cycles),
      spellCount(usage.tokens),
      spellMoney(usage.cost_usd),
    ]),
  );
}

export function dayTable(caption: string, days: readonly ReportDayView[]): Table | null {
  return tableOf(
    { caption, columns: ["day", "up", "down", "restarts", "tokens", "cost"] },
    days.map(({ date, up_s: up, down_s: down, restarts, usage }) => [
      spellDay(date),
      up + down === 0 ? "–" : spellPercent(up / (up + down)),
      down === 0 ? "–" : spellDuration(down * SECOND),
      restarts === 0 ? "–" : spellCount(restarts),
      spellCount(usage.tokens),
      usage.tokens === 0 ? "–" : spellMoney(usage.cost_usd),
    ]),
    31,
  );
}

function tableOf(head: Omit<Table, "rows">, rows: Table["rows"], most = maxRows): Table | null {
  if (rows.length === 0) return null;
  const left = rows.length - most;
  const rest = [`and ${spellCount(left)} more`, ...head.columns.slice(1).map(() => "")];
  return { ...head, rows: [...rows.slice(0, most), ...(left > 0 ? [rest] : [])] };
}
