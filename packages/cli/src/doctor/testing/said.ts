import assert from "node:assert/strict";
import type { Remark } from "../remark.ts";

/** "bad: title" or "unchecked: what" of each remark; what was merely seen is left out. */
function said(remarks: readonly Remark[]): readonly string[] {
  return remarks.flatMap((remark) => {
    switch (remark.kind) {
      case "finding":
        return [`${remark.severity}: ${remark.title}`];
      case "unchecked":
        return [`unchecked: ${remark.what}`];
      case "seen":
        return [];
    }
  });
}

/** One row of a judge's table: facts, and a pattern for each thing that must be said, in order. */
export function assertSaid(remarks: readonly Remark[], expected: readonly RegExp[], claim: string): void {
  const lines = said(remarks);
  assert.equal(lines.length, expected.length, `${claim}: ${JSON.stringify(lines)}`);
  for (const [index, pattern] of expected.entries()) assert.match(lines[index] ?? "", pattern, claim);
  for (const remark of remarks) {
    if (remark.kind === "finding") assert.ok(remark.why !== "" && remark.fix !== "", `${claim}: why and what to do`);
  }
}
