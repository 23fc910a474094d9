// The scores as tables: one summary, then each corpus in detail.

import { quantile, spellCount } from "../finding.ts";
import { printTable } from "../table.ts";
import type { Results } from "./results.ts";
import { ruleNames, type RuleName } from "./rules.ts";
import { perDay, precision, recall, type Score } from "./score.ts";

/** One row per corpus: what each rule found, and how often it called for nothing. */
export function printSummary(results: Results): void {
  printTable(
    "Summary: recall, and false alarms a day (pages and warnings; one cycle a minute)",
    ["corpus", ...ruleNames.map((name) => `${name} finds`), ...ruleNames.map((name) => `${name} false/day`)],
    results
      .corpora()
      .map((corpus) => [
        corpus,
        ...ruleNames.map((name) => spellShare(recall(results.total(corpus, name)))),
        ...ruleNames.map((name) => spellFalse(results.total(corpus, name))),
      ]),
  );
  const all = (name: RuleName) => results.totalOf(results.corpora(), name);
  printTable(
    "All of them together",
    detailHead.slice(1),
    ruleNames.map((name) => detailRow(name, all(name))),
  );
}

export function printDetails(results: Results): void {
  for (const corpus of results.corpora()) {
    const rows = results
      .names(corpus)
      .flatMap((name) => ruleNames.map((rule) => [name, ...detailRow(rule, results.one(corpus, name, rule))]));
    printTable(corpus, detailHead, rows);
  }
}

const detailHead = [
  "series",
  "rule",
  "found",
  "precision",
  "delay, median",
  "worst",
  "paged",
  "open after",
  "accepted",
  "false pages",
  "per day",
  "false warnings",
  "per day",
];

function detailRow(rule: RuleName, score: Score): string[] {
  const { delays, pageDelays, keptOpen, acceptedAfter, troubles, falsePages, falseWarnings } = score;
  const kept = keptOpen.reduce((sum, one) => sum + one, 0) / keptOpen.length;
  return [
    rule,
    troubles === 0 ? "–" : `${delays.length} of ${troubles}`,
    spellShare(precision(score)),
    spellDelay(delays, 0.5),
    spellDelay(delays, 1),
    troubles === 0 ? "–" : `${pageDelays.length}${pageDelays.length > 0 ? ` at ${spellDelay(pageDelays, 0.5)}` : ""}`,
    spellShare(keptOpen.length === 0 ? null : kept),
    acceptedAfter.length === 0 ? "–" : `${acceptedAfter.length} at ${spellDelay(acceptedAfter, 0.5)}`,
    spellCount(falsePages),
    spellRate(perDay(falsePages, score)),
    spellCount(falseWarnings),
    spellRate(perDay(falseWarnings, score)),
  ];
}

function spellFalse(score: Score): string {
  return spellRate(perDay(score.falsePages + score.falseWarnings, score));
}

function spellDelay(delays: readonly number[], part: number): string {
  return delays.length === 0 ? "–" : spellCount(quantile([...delays], part));
}

export function spellShare(share: number | null): string {
  if (share === null) return "–";
  return `${share === 1 || share === 0 ? 100 * share : (100 * share).toFixed(1)} %`;
}

function spellRate(rate: number | null): string {
  if (rate === null) return "–";
  return rate === 0 ? "0" : rate.toFixed(rate < 0.1 ? 3 : 2);
}
