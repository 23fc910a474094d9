// The report as one document that needs nothing else: no script, no font, nothing from elsewhere; pictures are drawn inside it.
// Everything in it that is not written here is escaped: names and messages of agents are whatever somebody wanted them to be.

import { upperFirst } from "@midwatch/core";
import type { PatternView, ReportView } from "@midwatch/protocol";
import { chartSvg } from "./chart-svg.ts";
import { fleetCharts, patternChart } from "./charts.ts";
import { escapeHtml } from "../escape-html.ts";
import type { Answer, Section, Table } from "./section.ts";
import { reportWords } from "./words.ts";

export function reportHtml(report: ReportView): string {
  const { heading, summary, notes, sections, quiet } = reportWords(report);
  const charts = report.agent === null ? fleetCharts(report) : [];
  return [
    `<!doctype html>`,
    `<html lang="en">`,
    `<head>`,
    `<meta charset="utf-8">`,
    `<meta name="viewport" content="width=device-width, initial-scale=1">`,
    `<meta name="color-scheme" content="light dark">`,
    `<title>${escapeHtml(heading)}</title>`,
    `<style>${style}</style>`,
    `</head>`,
    `<body>`,
    `<main>`,
    `<h1>${escapeHtml(heading)}</h1>`,
    `<p class="summary">${escapeHtml(upperFirst(summary))}.</p>`,
    ...notes.map((note) => `<p class="note">${escapeHtml(note)}</p>`),
    ...charts.map(chartSvg),
    ...sections.map((section) => sectionHtml(section, report.time_zone)),
    ...(quiet === null ? [] : [`<p class="quiet">${escapeHtml(quiet)}.</p>`]),
    `</main>`,
    `</body>`,
    `</html>`,
    ``,
  ].join("\n");
}

function sectionHtml({ title, agent, answers, patterns, tables }: Section, timeZone: string): string {
  return [
    `<section>`,
    `<h2><bdi>${escapeHtml(title)}</bdi></h2>`,
    ...(answers.length === 0 ? [] : [`<table class="answers">`, ...answers.map(answerHtml), `</table>`]),
    ...patterns.map((pattern) => patternHtml(agent ?? title, pattern, timeZone)),
    ...tables.map(tableHtml),
    `</section>`,
  ].join("\n");
}

function answerHtml({ question, answer, notable, lines }: Answer): string {
  // Never by colour alone: what is notable is also strong.
  const told = notable ? `<strong>${escapeHtml(answer)}</strong>` : escapeHtml(answer);
  return `<tr><th scope="row">${escapeHtml(question)}</th><td>${told}${listHtml(lines)}</td></tr>`;
}

function patternHtml(agent: string, pattern: PatternView, timeZone: string): string {
  const { title, evidence, next } = pattern;
  const chart = patternChart(agent, pattern, timeZone);
  return [
    `<div class="pattern">`,
    `<h3>${escapeHtml(upperFirst(title))}</h3>`,
    listHtml(evidence),
    `<p>→ ${escapeHtml(next)}</p>`,
    ...(chart === null ? [] : [chartSvg(chart)]),
    `</div>`,
  ].join("\n");
}

function listHtml(lines: readonly string[]): string {
  if (lines.length === 0) return "";
  return `<ul>${lines.map((line) => `<li>${escapeHtml(line.replaceAll("  ", " · "))}</li>`).join("")}</ul>`;
}

function tableHtml({ caption, columns, rows }: Table): string {
  const head = columns.map((column) => `<th scope="col">${escapeHtml(column)}</th>`).join("");
  const body = rows.map(
    ([first = "", ...cells]) =>
      `<tr><th scope="row"><bdi>${escapeHtml(first)}</bdi></th>${cells.map((cell) => `<td>${escapeHtml(cell)}</td>`).join("")}</tr>`,
  );
  return `<div class="wide"><table class="numbers"><caption>${escapeHtml(caption)}</caption>\n<tr>${head}</tr>\n${body.join("\n")}\n</table></div>`;
}

const style = `
:root { color-scheme: light dark; --ink: #1c2128; --dim: #57606a; --line: #d8dee4; --paper: #fff; --alert: #a40e26; --bar: #8ca6cc; --now: #1f4e95; --good: #569668; --bad: #be3434 }
@media (prefers-color-scheme: dark) {
  :root { --ink: #e6edf3; --dim: #9198a1; --line: #3d444d; --paper: #0d1117; --alert: #ff8f8f; --bar: #47618a; --now: #8ab4f8; --good: #4c8a5e; --bad: #e06c6c }
}
body { margin: 0; background: var(--paper); color: var(--ink); font: 16px/1.5 system-ui, sans-serif }
main { max-width: 46rem; margin: 0 auto; padding: 1.5rem 1rem 3rem }
h1 { font-size: 1.25rem; margin: 0 }
h2 { font-size: 1rem; margin: 2rem 0 .25rem; overflow-wrap: anywhere }
h3 { font-size: 1rem; margin: 0 }
.summary { margin: .25rem 0 0 }
.note, .quiet { color: var(--dim) }
table { width: 100%; border-collapse: collapse }
th, td { text-align: left; vertical-align: top; padding: .35rem 0; border-top: 1px solid var(--line) }
.answers th, .answers td { overflow-wrap: anywhere }
.answers th { width: 13rem; padding-right: 1rem }
th { font-weight: 400; color: var(--dim) }
td { font-variant-numeric: tabular-nums }
strong { color: var(--alert); font-weight: 600 }
ul { margin: .25rem 0 0; padding-left: 1.1rem }
.pattern { margin: 1rem 0; padding: .75rem 1rem; border: 1px solid var(--line); border-left: 3px solid var(--alert); border-radius: 4px; overflow-wrap: anywhere }
.pattern p { margin: .25rem 0 0 }
.wide { overflow-x: auto; margin-top: 1rem }
.numbers caption { text-align: left; padding: .35rem 0 }
.numbers td, .numbers th[scope=col]:not(:first-child) { text-align: right; padding-left: 1rem; white-space: nowrap }
figure { margin: 1rem 0 0 }
figcaption { font-size: .875rem }
figure .note { font-size: .875rem; margin: 0 }
svg { display: block; width: 100%; height: auto }
svg text { font: 12px system-ui, sans-serif; fill: var(--dim) }
svg line { stroke: var(--line) }
.c { fill: var(--bar) } .n { fill: var(--now) } .g { fill: var(--good) } .b { fill: var(--bad) }
@media (max-width: 34rem) { .answers th, .answers td { display: block; width: auto } .answers td { border-top: 0; padding-top: 0 } }
@media print { section, .pattern { break-inside: avoid } }
`;
