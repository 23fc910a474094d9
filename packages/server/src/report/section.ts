import { spellCount } from "@midwatch/core";
import type { PatternView, ReportView } from "@midwatch/protocol";
import { line, someLines } from "./report-lines.ts";

export interface Section {
  readonly title: string;
  /** Whose it is; null for all agents. */
  readonly agent: string | null;
  readonly answers: readonly Answer[];
  readonly patterns: readonly PatternView[];
  readonly tables: readonly Table[];
}

export interface Answer {
  readonly question: string;
  readonly answer: string;
  /** What a reader should look at. */
  readonly notable: boolean;
  readonly lines: readonly string[];
}

/** The first column is text, the others are numbers. */
export interface Table {
  readonly caption: string;
  readonly columns: readonly string[];
  readonly rows: readonly (readonly string[])[];
}

/** The questions never change; only their answers do. */
export function answersOf(
  period: ReportView["period"],
  found: readonly (readonly [answer: string, notable: boolean, lines: readonly string[]])[],
): readonly Answer[] {
  const questions = [
    `Alive the whole ${period}?`,
    "Restarts",
    "Usual cost",
    "Loops, budgets, cooldowns",
    "Needs a human?",
  ];
  return found.map(([answer, notable, lines], index) => ({
    question: `${index + 1}. ${questions[index] ?? ""}`,
    answer: line(answer),
    notable,
    lines: someLines(lines),
  }));
}

export function endingOf(count: {
  readonly waiting: number;
  readonly mending: number;
  readonly recovered: number;
}): string {
  const { waiting, mending, recovered } = count;
  const found = [
    waiting > 0 ? `yes: ${spellCount(waiting)} open` : "no",
    mending > 0 ? `${spellCount(mending)} being mended` : null,
    recovered > 0 ? `${spellCount(recovered)} recovered by itself` : null,
  ];
  return found.filter((one) => one !== null).join("; ");
}

export function standingOf(incident: {
  readonly severity: string;
  readonly acknowledged: boolean;
  readonly needs_human: boolean;
}): string {
  if (!incident.needs_human) return "being mended";
  return incident.acknowledged ? "acknowledged" : incident.severity;
}
