// The plain pieces that words of a report are made of. What an agent wrote is one plain line here already; who writes HTML or
// Markdown still has to escape it.

import { spellCount } from "@midwatch/core";
import { clipText, oneLine } from "../message-text.ts";
import { spellSome } from "./spell-amounts.ts";

/** Lines under one answer; an agent that crashes all day has thousands. */
const maxLines = 12;
const maxLineLength = 600;
const maxNamed = 50;

export function line(text: string): string {
  // Two spaces part the columns of a line and are ours; within a column what an agent wrote is one plain line.
  const plain = text.split("  ").map(oneLine).join("  ");
  return clipText(plain, maxLineLength);
}

/** As many as fit, and how many more there are. */
export function someLines(lines: readonly string[]): readonly string[] {
  const more = lines.length - maxLines;
  return [...lines.slice(0, maxLines).map(line), ...(more > 0 ? [`and ${spellCount(more)} more`] : [])];
}

export function listNames(names: readonly string[]): string {
  const named = names.slice(0, maxNamed).map(oneLine).join(", ");
  return names.length > maxNamed ? `${named} and ${spellCount(names.length - maxNamed)} more` : named;
}

export function spellAgents(count: number): string {
  return spellSome(count, "agent");
}
