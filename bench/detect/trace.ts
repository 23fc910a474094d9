import { readFileSync } from "node:fs";
import { basename } from "node:path";
import type { Series } from "./bases.ts";

/** Reads one series: a CSV file with `ContextTokens` and `GeneratedTokens`, whose sum is a cycle, or one number per line. */
export function readTrace(path: string): Series {
  const [head = "", ...rows] = readFileSync(path, "utf8").trim().split(/\r?\n/);
  const columns = head.split(",");
  const wanted = ["ContextTokens", "GeneratedTokens"].map((name) => columns.indexOf(name));
  const plain = wanted.includes(-1);
  const cycles = (plain ? [head, ...rows] : rows).map((row, index) => {
    const cells = row.split(",");
    const tokens = plain ? Number(row) : wanted.reduce((sum, column) => sum + Number(cells[column]), 0);
    if (row.trim() === "" || !Number.isFinite(tokens) || tokens < 0)
      throw new Error(
        `${path}, line ${index + (plain ? 1 : 2)}: "${row}" is no count of tokens. ` +
          "Give a CSV file with the columns ContextTokens and GeneratedTokens, or one number per line.",
      );
    return tokens;
  });
  return { name: basename(path).replace(/\.\w+$/, ""), cycles };
}
