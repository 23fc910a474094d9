import { reportWords, type Answer } from "./words.ts";
import type { MadeReport } from "./index.ts";

/** The report for a terminal, a mail or a chat that shows letters of one width. A quiet day is one line. */
export function reportText(made: MadeReport): string {
  const { heading, summary, notes, sections, quiet } = reportWords(made);
  const head = [`${heading}: ${summary}.`, ...notes];
  const width = Math.max(...sections.flatMap(({ answers }) => answers.map(({ question }) => question.length)));
  const blocks = sections.map(({ title, answers }) =>
    [title, ...answers.flatMap((answer) => answerLines(answer, width))].join("\n"),
  );
  return [head.join("\n"), ...blocks, ...(quiet === null ? [] : [`${quiet}.`])].join("\n\n");
}

function answerLines({ question, answer, notable, lines }: Answer, width: number): string[] {
  const mark = notable ? "! " : "  ";
  const indent = " ".repeat(mark.length + width + 2);
  return [`${mark}${question.padEnd(width)}  ${answer}`, ...lines.map((line) => `${indent}${line}`)];
}
