// The report as one document that needs nothing else: no script, no image, no font. It has to survive mail programs, so it is
// tables and plain elements; where a program drops the style, what is left still reads in order. Everything in it that is
// not written here is escaped: names and messages of agents are whatever somebody wanted them to be.

import type { MadeReport } from "./index.ts";
import { reportWords, type Answer, type Section } from "./words.ts";

export function reportHtml(made: MadeReport): string {
  const { heading, summary, notes, sections, quiet } = reportWords(made);
  return [
    `<!doctype html>`,
    `<html lang="en">`,
    `<head>`,
    `<meta charset="utf-8">`,
    `<meta name="viewport" content="width=device-width, initial-scale=1">`,
    `<meta name="color-scheme" content="light dark">`,
    `<title>${escape(heading)}</title>`,
    `<style>${style}</style>`,
    `</head>`,
    `<body>`,
    `<main>`,
    `<h1>${escape(heading)}</h1>`,
    `<p class="summary">${escape(capitalised(summary))}.</p>`,
    ...notes.map((note) => `<p class="note">${escape(note)}</p>`),
    ...sections.map(sectionHtml),
    ...(quiet === null ? [] : [`<p class="quiet">${escape(quiet)}.</p>`]),
    `</main>`,
    `</body>`,
    `</html>`,
    ``,
  ].join("\n");
}

function sectionHtml({ title, answers }: Section): string {
  const rows = answers.map(answerHtml).join("\n");
  return `<h2><bdi>${escape(title)}</bdi></h2>\n<table>\n${rows}\n</table>`;
}

function answerHtml({ question, answer, notable, lines }: Answer): string {
  const list =
    lines.length === 0
      ? ""
      : `<ul>${lines.map((line) => `<li>${escape(line.replaceAll("  ", " · "))}</li>`).join("")}</ul>`;
  // Never by colour alone: what is notable is also strong.
  const told = notable ? `<strong>${escape(answer)}</strong>` : escape(answer);
  return `<tr><th scope="row">${escape(question)}</th><td>${told}${list}</td></tr>`;
}

const style = `
:root { color-scheme: light dark; --ink: #1c2128; --dim: #57606a; --line: #d8dee4; --paper: #fff; --alert: #a40e26 }
@media (prefers-color-scheme: dark) {
  :root { --ink: #e6edf3; --dim: #9198a1; --line: #3d444d; --paper: #0d1117; --alert: #ff8f8f }
}
body { margin: 0; background: var(--paper); color: var(--ink); font: 16px/1.5 system-ui, sans-serif }
main { max-width: 46rem; margin: 0 auto; padding: 1.5rem 1rem 3rem }
h1 { font-size: 1.25rem; margin: 0 }
h2 { font-size: 1rem; margin: 2rem 0 .25rem; overflow-wrap: anywhere }
.summary { margin: .25rem 0 0 }
.note, .quiet { color: var(--dim) }
table { width: 100%; border-collapse: collapse }
th, td { text-align: left; vertical-align: top; padding: .35rem 0; border-top: 1px solid var(--line); overflow-wrap: anywhere }
th { width: 13rem; padding-right: 1rem; font-weight: 400; color: var(--dim) }
td { font-variant-numeric: tabular-nums }
strong { color: var(--alert); font-weight: 600 }
ul { margin: .25rem 0 0; padding-left: 1.1rem }
@media (max-width: 34rem) { th, td { display: block; width: auto } td { border-top: 0; padding-top: 0 } }
`;

const entities: Readonly<Record<string, string>> = {
  "&": "&amp;",
  "<": "&lt;",
  ">": "&gt;",
  '"': "&quot;",
  "'": "&#39;",
};

function escape(text: string): string {
  return text.replaceAll(/[&<>"']/g, (character) => entities[character] ?? "");
}

function capitalised(text: string): string {
  return text.charAt(0).toUpperCase() + text.slice(1);
}
