import assert from "node:assert/strict";
import { test } from "node:test";
import type { Effect } from "./effect.ts";
import type { IncidentKind } from "./incident.ts";
import { dropSettledNotices } from "./notices.ts";

function notice(what: "opened" | "raised" | "resolved", kind: IncidentKind): Effect {
  return { do: "notify", what, kind, severity: "page", at: 0, title: "", text: "" };
}

const cases: { claim: string; effects: Effect[]; kept: Effect[] }[] = [
  {
    claim: "what a spool opened and closed again is not told",
    effects: [notice("opened", "silent"), notice("raised", "silent"), notice("resolved", "silent")],
    kept: [],
  },
  {
    claim: "what is still open is told",
    effects: [notice("opened", "silent"), notice("resolved", "silent"), notice("opened", "silent")],
    kept: [notice("opened", "silent")],
  },
  {
    claim: "the end of something told before is told",
    effects: [notice("resolved", "silent"), notice("opened", "crashed")],
    kept: [notice("resolved", "silent"), notice("opened", "crashed")],
  },
];

for (const { claim, effects, kept } of cases) test(claim, () => assert.deepEqual(dropSettledNotices(effects), kept));
