import { stripVTControlCharacters, styleText } from "node:util";

type Style = Parameters<typeof styleText>[0];

/** Text from an agent may hold anything; on a terminal nothing in it moves the cursor, breaks the line or turns text around. */
export function clean(text: string): string {
  return stripVTControlCharacters(text).replace(/[\p{Cc}\u2028\u2029\u202a-\u202e\u2066-\u2069]+/gu, " ");
}

/** The same for text of many lines, which keep their indentation. */
export function cleanLines(text: string): string[] {
  return text.split(/\r\n|\r|\n/).map((line) => clean(line.replaceAll("\t", "    ")));
}

/** A line for whoever watches this command work; standard output is for what was asked for. */
export function log(line: string): void {
  process.stderr.write(`midwatch: ${line}\n`);
}

export function paint(style: Style, text: string): string {
  return styleText(style, text, { stream: process.stdout });
}

/** Columns that line up; the last one may be as long as it likes. Styles are applied after the widths are known. */
export function table(
  rows: readonly (readonly string[])[],
  styles: readonly (readonly (Style | null)[])[] = [],
): string {
  const widths: number[] = [];
  for (const row of rows) row.forEach((cell, i) => (widths[i] = Math.max(widths[i] ?? 0, cell.length)));
  return rows
    .map((row, r) =>
      row
        .map((cell, i) => {
          const padded = i === row.length - 1 ? cell : cell.padEnd(widths[i] ?? 0);
          const style = styles[r]?.[i];
          return style ? paint(style, padded) : padded;
        })
        .join("  ")
        .trimEnd(),
    )
    .join("\n");
}

/** "12 s ago", or "never". */
export function ago(iso: string | null, now: number, spell: (ms: number) => string): string {
  return iso === null ? "never" : `${spell(Math.max(0, now - Date.parse(iso)))} ago`;
}
