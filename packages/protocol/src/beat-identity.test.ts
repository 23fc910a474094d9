import assert from "node:assert/strict";
import { test } from "node:test";
import type { BeatIdentity } from "@midwatch/core";
import { beatIdentity, bodyDigest, parseBeat } from "./index.ts";

function identityOf(body: unknown): BeatIdentity {
  const parsed = parseBeat(body);
  assert.ok(parsed.ok);
  return beatIdentity(parsed.beat, () => bodyDigest(body));
}

test("a beat with a run and a number is known by them, whatever else it says", () => {
  const body = { agent: "a", run_id: "r", instance: "i", seq: 3 };
  assert.deepEqual(identityOf({ ...body, ts: 5 }), { by: "seq", runId: "r", instance: "i", seq: 3 });
  assert.deepEqual(identityOf({ agent: "a", run_id: "r", seq: 3 }), { by: "seq", runId: "r", instance: "", seq: 3 });
});

test("a home-made beat with a ts is known by its whole body", () => {
  const body = { agent: "a", ts: 5, tokens_used: 1 };
  assert.deepEqual(identityOf(body), identityOf(structuredClone(body)));
  assert.notDeepEqual(identityOf(body), identityOf({ ...body, tokens_used: 2 }));
  assert.equal(identityOf(body).by, "body");
});

test("a beat with neither is never taken for another one", () => {
  assert.deepEqual(identityOf({ agent: "a", tokens_used: 1, run_id: "r" }), { by: "none" });
});
