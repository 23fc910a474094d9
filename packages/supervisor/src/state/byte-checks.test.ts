import assert from "node:assert/strict";
import { readdirSync, readFileSync } from "node:fs";
import { test } from "node:test";
import { envelopeCheck, type Verdict } from "./byte-checks.ts";

/** The folder also holds examples of other things. */
interface Golden {
  readonly files?: Readonly<Record<string, string>>;
  readonly expect?: {
    readonly loaded: unknown;
    readonly quarantined?: readonly { readonly file: string }[];
  };
}

const folder = new URL("../../../protocol/golden/state/", import.meta.url);

function judge(content: string): Verdict["is"] {
  const check = envelopeCheck();
  // In pieces, so that the header is split.
  for (const byte of Buffer.from(content)) check.feed(Buffer.from([byte]));
  return check.end().is;
}

test("the gate calls damaged exactly those of the SDKs' example files that the SDKs put aside", () => {
  let judged = 0;
  for (const name of readdirSync(folder).filter((one) => one.endsWith(".json"))) {
    const { files, expect } = JSON.parse(readFileSync(new URL(name, folder), "utf8")) as Golden;
    const current = files?.["state.json"];
    if (current === undefined || expect?.quarantined === undefined) continue;
    const isAside = expect.quarantined.some(({ file }) => file === "state.json");
    const verdict = judge(current);
    if (verdict !== "unsure") assert.equal(verdict === "bad", isAside, name);
    judged += 1;
  }
  assert.ok(judged >= 5, `only ${judged} examples were found`);
});
