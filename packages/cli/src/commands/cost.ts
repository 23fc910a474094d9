import { spellCount } from "@midwatch/core";
import type { CallView, CostAnswer, CostRowView } from "@midwatch/protocol";
import { call, callPages, type Target } from "../client.ts";
import { spellAmountOf } from "../spell-amounts.ts";
import { clean, table } from "../terminal.ts";

const dayMs = 24 * 3_600_000;

/** `midwatch cost`: what was used in the last days, by agent and model; the dearest first. */
export async function showCost(
  target: Target,
  options: { readonly days: number; readonly agent?: string; readonly json?: boolean },
): Promise<void> {
  const query = new URLSearchParams({ from: new Date(Date.now() - options.days * dayMs).toISOString() });
  if (options.agent !== undefined) query.set("agent", options.agent);
  const answer = await call<CostAnswer>(target, "GET", `/api/v1/cost?${query.toString()}`);
  if (options.json === true) {
    print(JSON.stringify(answer, null, 2));
    return;
  }
  const counted = answer.rows.filter((row) => row.counted);
  if (counted.length === 0) {
    print("No model was named in that time. docs/metering.md shows how calls are metered.");
    return;
  }
  const sorted = counted.toSorted((a, b) => b.cost_usd - a.cost_usd || tokensOf(b) - tokensOf(a));
  print(table([head, ...sorted.map(cellsOf)], [head.map(() => "dim")]));
  const total = sorted.reduce((sum, row) => sum + row.cost_usd, 0);
  const unpriced = sorted.reduce((sum, row) => sum + row.unpriced_tokens, 0);
  const blind = unpriced === 0 ? "" : `, and ${spellCount(unpriced)} tokens whose price is not known`;
  print(`\n${spellAmountOf("usd", total)} in all${blind}.`);
  const doubled = answer.rows.filter((row) => !row.counted).reduce((sum, row) => sum + tokensOf(row), 0);
  if (doubled > 0)
    print(`${spellCount(doubled)} tokens were told of a second time by another source, and are not in this.`);
}

const head = ["agent", "model", "by", "calls", "tokens in", "out", "of them cached", "cost"];

function cellsOf(row: CostRowView): string[] {
  const isUnpriced = row.cost_usd === 0 && row.unpriced_tokens > 0;
  const cost = isUnpriced ? "unpriced" : spellAmountOf("usd", row.cost_usd);
  return [
    clean(row.agent),
    clean([row.provider, row.model].filter((part) => part !== null).join(" ") || "not named"),
    row.source,
    spellCount(row.calls),
    spellCount(row.input_tokens),
    spellCount(row.output_tokens),
    spellCount(row.cache_read_tokens),
    !isUnpriced && row.unpriced_tokens > 0 ? `${cost}, and ${spellCount(row.unpriced_tokens)} tokens unpriced` : cost,
  ];
}

/** `midwatch calls AGENT`: newest last, the way a log reads. */
export async function showCalls(
  target: Target,
  agent: string,
  options: { readonly limit: number; readonly json?: boolean },
): Promise<void> {
  const calls = await callPages<CallView>(target, `/api/v1/agents/${encodeURIComponent(agent)}/calls`, options.limit);
  if (options.json === true) {
    print(JSON.stringify(calls, null, 2));
    return;
  }
  if (calls.length === 0) {
    print(`No call of ${agent} was metered yet. docs/metering.md shows how.`);
    return;
  }
  print(table(calls.toReversed().map(callCells)));
}

function callCells(one: CallView): string[] {
  const notes = [
    ...(one.outcome === "ok" ? [] : [one.outcome]),
    ...(one.estimated ? ["estimated"] : []),
    ...(one.counted ? [] : ["not counted: told of by another source"]),
    ...one.remarks.map(clean),
  ];
  return [
    one.at,
    one.source,
    clean(one.model ?? "not named"),
    `${spellCount(one.input_tokens)} in`,
    `${spellCount(one.output_tokens)} out`,
    one.cost_usd === null
      ? "unpriced"
      : `${spellAmountOf("usd", one.cost_usd)}${one.priced_by === "local" ? " (local)" : ""}`,
    notes.join("; "),
  ];
}

function tokensOf(row: CostRowView): number {
  return row.input_tokens + row.output_tokens;
}

function print(text: string): void {
  process.stdout.write(`${text}\n`);
}
