import type { ReportView } from "@midwatch/protocol";
import type { Section, Table } from "./section.ts";
import { reportWords } from "./words.ts";

/** The report as Markdown, for a wiki, an issue or a chat. */
export function reportMarkdown(report: ReportView): string {
  const { heading, summary, notes, sections, quiet } = reportWords(report);
  return [
    `# ${escape(heading)}`,
    `${escape(summary)}.`,
    ...notes.map((note) => `> ${escape(note)}`),
    ...sections.flatMap(sectionBlocks),
    ...(quiet === null ? [] : [`${escape(quiet)}.`]),
  ]
    .join("\n\n")
    .concat("\n");
}

function sectionBlocks({ title, answers, patterns, tables }: Section): readonly string[] {
  const asked = answers.map(({ question, answer, notable, lines }) => {
    const told = notable ? `**${escape(answer)}**` : escape(answer);
    // The number is part of the question: a list that numbers itself would begin anew after each answer's own lines.
    return [`- ${escape(question)} ${told}`, ...lines.map((line) => `  - ${escape(line)}`)].join("\n");
  });
  const found = patterns.map(({ title: what, evidence, next }) =>
    [`- **${escape(what)}**`, ...evidence.map((one) => `  - ${escape(one)}`), `  - → ${escape(next)}`].join("\n"),
  );
  return [
    `## ${escape(title)}`,
    asked.join("\n"),
    ...(found.length === 0 ? [] : ["### Slow patterns", found.join("\n")]),
    ...tables.flatMap(tableBlocks),
  ];
}

function tableBlocks({ caption, columns, rows }: Table): readonly string[] {
  const rowOf = (cells: readonly string[]): string => `| ${cells.map(escape).join(" | ")} |`;
  const rule = columns.map((_, index) => (index === 0 ? "---" : "---:"));
  return [`### ${caption}`, [rowOf(columns), `| ${rule.join(" | ")} |`, ...rows.map(rowOf)].join("\n")];
}

/** What an agent is called or said is text, whatever it looks like: no emphasis, no link, no heading, no HTML. */
function escape(text: string): string {
  return text
    .replaceAll(/[\\`*_{}[\]<>#|~!&]/g, (character) => `\\${character}`)
    .replaceAll(/^([-+>]|\d+\.)(?=\s)/g, (mark) => mark.replace(/.$/, (last) => `\\${last}`));
}
