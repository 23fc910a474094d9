import assert from "node:assert/strict";
import { readdirSync, readFileSync } from "node:fs";
import { test } from "node:test";
import { parseBeat, parseJson } from "./index.ts";

interface Golden {
  name: string;
  body: unknown;
  expect: Record<string, unknown>;
}

function golden(folder: string): Golden[] {
  const at = new URL(`../golden/${folder}/`, import.meta.url);
  const files = readdirSync(at).filter((file) => file.endsWith(".json"));
  assert.ok(files.length > 10, `the golden messages in ${folder} are there`);
  return files.map((file) => JSON.parse(readFileSync(new URL(file, at), "utf8")) as Golden);
}

function bytesOf(body: unknown): Buffer {
  return Buffer.from(typeof body === "string" ? body : JSON.stringify(body));
}

for (const { name, body, expect } of golden("valid")) {
  test(`golden: ${name} is taken`, () => {
    const json = parseJson(bytesOf(body));
    assert.ok(json.ok, JSON.stringify(json));
    const parsed = parseBeat(json.value);
    assert.ok(parsed.ok, JSON.stringify(parsed));
    for (const [field, value] of Object.entries(expect)) {
      assert.deepEqual((parsed.beat as unknown as Record<string, unknown>)[field], value, field);
    }
  });
}

for (const { name, body, expect } of golden("invalid")) {
  test(`golden: ${name} is refused, and every fault is named`, () => {
    const json = parseJson(bytesOf(body));
    if (!json.ok) {
      assert.equal(json.code, expect["code"]);
      assert.deepEqual(json.path === undefined ? [] : [json.path], expect["paths"]);
      assert.ok(json.message.length > 10);
      return;
    }
    const parsed = parseBeat(json.value);
    assert.ok(!parsed.ok, "refused");
    assert.equal("invalid_field", expect["code"]);
    assert.deepEqual(parsed.errors.map((error) => error.path).sort(), (expect["paths"] as string[]).sort());
    for (const error of parsed.errors) assert.ok(error.message.length > 5 && error.message.length < 300);
  });
}
