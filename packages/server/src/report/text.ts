import type { ReportView } from "@midwatch/protocol";
import type { Answer, Section, Table } from "./section.ts";
import { reportWords } from "./words.ts";

/** The report for a terminal, a mail or a chat that shows letters of one width. A quiet day is one line. */
export function reportText(report: ReportView): string {
  const { heading, summary, notes, sections, quiet } = reportWords(report);
  const head = [`${heading}: ${summary}.`, ...notes];
  const width = Math.max(...sections.flatMap(({ answers }) => answers.map(({ question }) => question.length)));
  const blocks = sections.map((section) => sectionText(section, width));
  return [head.join("\n"), ...blocks, ...(quiet === null ? [] : [`${quiet}.`])].join("\n\n");
}

function sectionText({ title, answers, patterns, tables }: Section, width: number): string {
  const found = patterns.flatMap((pattern) => [
    `! ${pattern.title}`,
    ...pattern.evidence.map((one) => `    ${one}`),
    `    → ${pattern.next}`,
  ]);
  return [
    [title, ...answers.flatMap((answer) => answerLines(answer, width)), ...found].join("\n"),
    ...tables.map(tableText),
  ].join("\n\n");
}

function answerLines({ question, answer, notable, lines }: Answer, width: number): string[] {
  const mark = notable ? "! " : "  ";
  const indent = " ".repeat(mark.length + width + 2);
  return [`${mark}${question.padEnd(width)}  ${answer}`, ...lines.map((line) => `${indent}${line}`)];
}

function tableText({ caption, columns, rows }: Table): string {
  const widths = columns.map((column, index) =>
    Math.max(column.length, ...rows.map((row) => (row[index] ?? "").length)),
  );
  const rowText = (cells: readonly string[]): string =>
    cells
      .map((cell, index) => (index === 0 ? cell.padEnd(widths[index] ?? 0) : cell.padStart(widths[index] ?? 0)))
      .join("  ")
      .trimEnd();
  return [caption, ...[columns, ...rows].map((cells) => `  ${rowText(cells)}`)].join("\n");
}
