import { clean, paint } from "../terminal.ts";
import type { Finding, Severity } from "./remark.ts";
import type { Diagnosis } from "./run-checks.ts";

const mostColumns = 80;
const indent = "  ";

const marks: Readonly<Record<Severity, { readonly word: string; readonly style: "red" | "yellow" }>> = {
  bad: { word: "bad", style: "red" },
  "worth-knowing": { word: "worth knowing", style: "yellow" },
};

/** What a person reads: the verdict, each finding with its exact change, and what was looked at. */
export function diagnosisText(diagnosis: Diagnosis, columns = mostColumns): string {
  const width = Math.min(mostColumns, Math.max(40, columns));
  const { findings, checked, unchecked } = diagnosis;
  const parts = [
    paint("bold", verdict(findings)),
    ...findings.map((finding) => findingText(finding, width)),
    paint("dim", wrap(`checked: ${checked.join(" · ")}`, width, "", indent)),
  ];
  if (unchecked.length > 0) {
    const lines = unchecked.map(({ what, because }) => `${what} (${because})`);
    parts.push(paint("dim", wrap(`not checked: ${clean(lines.join(" · "))}`, width, "", indent)));
  }
  return parts.join("\n\n");
}

/** "2 things are bad, 1 is worth knowing." */
export function verdict(findings: readonly Finding[]): string {
  const count = (severity: Severity): number => findings.filter((finding) => finding.severity === severity).length;
  const [wrong, known] = [count("bad"), count("worth-knowing")];
  if (wrong === 0 && known === 0) return "All is well, as far as this can see.";
  const worth = `${known} ${known === 1 ? "thing is" : "things are"} worth knowing`;
  if (wrong === 0) return `Nothing is bad. ${worth}.`;
  const worse = `${wrong} ${wrong === 1 ? "thing is" : "things are"} bad`;
  return known === 0 ? `${worse}.` : `${worse}, and ${worth.replace("things are", "are").replace("thing is", "is")}.`;
}

function findingText({ severity, title, why, fix }: Finding, width: number): string {
  const { word, style } = marks[severity];
  const head = wrap(`${word}: ${clean(title)}`, width, "", indent);
  return [
    `${paint(style, head.slice(0, word.length))}${paint("bold", head.slice(word.length))}`,
    block(why, width),
    paint("cyan", block(fix, width)),
  ].join("\n");
}

/** Paragraphs are wrapped; lines that begin with a space are to be typed, and stay as they are. */
function block(text: string, width: number): string {
  return text
    .split("\n")
    .map((line) => (line.startsWith(" ") ? `${indent}${clean(line)}` : wrap(clean(line), width, indent, indent)))
    .join("\n");
}

/** Breaks at spaces; a word that is longer than a line, such as a path, keeps a line to itself. */
function wrap(text: string, width: number, first: string, rest: string): string {
  const lines: string[] = [];
  let line = first;
  let isEmpty = true;
  for (const word of text.split(" ")) {
    if (!isEmpty && line.length + 1 + word.length > width) {
      lines.push(line);
      line = rest;
      isEmpty = true;
    }
    line += isEmpty ? word : ` ${word}`;
    isEmpty = false;
  }
  return [...lines, line].join("\n");
}
