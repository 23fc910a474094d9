import assert from "node:assert/strict";
import { test } from "node:test";
import { recordsOf } from "../testing/otlp-meanings.ts";
import { tracesJson, type Told } from "../testing/otlp-messages.ts";

test("traces that are sampled show it", () => {
  const sampled = (more: Told) => recordsOf("traces", tracesJson([{ span: "s", ...more }])).spans[0]!.sampled;
  assert.equal(sampled({ flags: 0x101 }), false);
  assert.equal(sampled({ flags: 0 }), false, "a sender that sets no flags says nothing");
  assert.equal(sampled({ flags: 0x100 }), true);
  assert.equal(sampled({ traceState: "ot=th:8" }), true);
  assert.equal(sampled({ traceState: "ot=th:0" }), false);
  assert.equal(sampled({ attributes: { "sampler.param": 0.1 } }), true);
  assert.equal(sampled({ attributes: { SampleRate: 1 } }), false);
});
