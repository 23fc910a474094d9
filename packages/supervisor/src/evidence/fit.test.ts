import assert from "node:assert/strict";
import { test } from "node:test";
import type { EvidenceBundle } from "@midwatch/protocol";
import { bundleBytes, fitBundle, fitText, itemBytes, plainText } from "./fit.ts";

test("a long text keeps the end that was asked for, within its bytes, with no character cut in two", () => {
  const text = `first ${"ä€😀".repeat(5_000)} last`;
  for (const keep of ["start", "end"] as const) {
    for (let limit = 1_000; limit < 1_010; limit++) {
      const fitted = fitText(text, limit, keep);
      assert.ok(Buffer.byteLength(fitted) <= limit);
      assert.ok(!fitted.includes("\uFFFD"));
      assert.match(fitted, keep === "start" ? /^first[^]*left out\]$/ : /^\[[^]*left out\][^]*last$/);
    }
  }
  assert.equal(fitText("short", 100, "end"), "short");
});

test("a bundle of the worst characters stays within its bounds as JSON", () => {
  const names = ["stack", "process", "files", "output", "beats", "platform", "environment"] as const;
  for (const worst of ['"\\\n', "\u0001", "€", "\uD800"]) {
    const bundle: EvidenceBundle = {
      run_id: "r",
      why: "hung",
      summary: worst.repeat(1_000),
      items: names.map((name) => ({ name, text: plainText(worst.repeat(30_000)) })),
    };
    const fitted = fitBundle(bundle);
    assert.ok(Buffer.byteLength(JSON.stringify(fitted)) <= bundleBytes);
    for (const { text } of fitted.items) assert.ok(Buffer.byteLength(text) <= itemBytes);
    assert.ok(fitted.summary.length <= 400);
    assert.equal(fitted.items.length, names.length);
  }
});

test("colours and control characters go, lines and tabs stay", () => {
  assert.equal(plainText("\u001b[31mred\u001b[0m\tand\r\nplain\u0000\uD800"), "red\tand\nplain\uFFFD");
});
