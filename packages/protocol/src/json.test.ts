import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { parseJson } from "./index.ts";

const parse = (text: string): ReturnType<typeof parseJson> => parseJson(Buffer.from(text));

test("any JSON value without a repeated key is read as JSON.parse reads it", () => {
  fc.assert(
    fc.property(fc.jsonValue({ maxDepth: 6 }), (value) => {
      const text = JSON.stringify(value);
      assert.deepEqual(parse(text), { ok: true, value: JSON.parse(text) as unknown });
    }),
  );
});

test("any bytes at all are read or refused, never thrown at", () => {
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 200 }), (bytes) => {
      const parsed = parseJson(bytes);
      assert.ok(parsed.ok || parsed.message.length > 0);
    }),
  );
  fc.assert(
    fc.property(fc.array(fc.constantFrom("{", "}", "[", "]", '"', "\\", ":", ",", "1", " ", "a")), (pieces) => {
      const parsed = parse(pieces.join(""));
      assert.ok(parsed.ok || parsed.message.length > 0);
    }),
  );
});

test("a key repeated anywhere is refused and named, whatever stands around it", () => {
  const key = fc.string({ minLength: 1, maxLength: 8 });
  fc.assert(
    fc.property(key, fc.jsonValue({ maxDepth: 3 }), fc.jsonValue({ maxDepth: 3 }), (name, first, second) => {
      const pair = (value: unknown): string => `${JSON.stringify(name)} : ${JSON.stringify(value)}`;
      const parsed = parse(`{"list": [1, "x:y", {"in": {${pair(first)},${pair(second)}}}]}`);
      assert.ok(!parsed.ok && parsed.code === "duplicate_key");
      assert.ok(parsed.path?.startsWith("list[2].in"), JSON.stringify(parsed));
    }),
  );
});

test("invalid UTF-8 is refused before anything guesses what was meant", () => {
  const body = Buffer.concat([Buffer.from('{"agent":"a'), Buffer.from([0xff]), Buffer.from('"}')]);
  const parsed = parseJson(body);
  assert.ok(!parsed.ok && parsed.code === "invalid_utf8");
});

test("nesting is allowed to the limit and refused one beyond it", () => {
  const nested = (depth: number): string => "[".repeat(depth) + "]".repeat(depth);
  assert.ok(parse(nested(32)).ok);
  const refused = parse(nested(33));
  assert.ok(!refused.ok && refused.code === "too_deep");
  const flood = parse("[".repeat(1_000_000));
  assert.ok(!flood.ok && flood.code === "too_deep");
});

test("brackets and colons inside strings count for nothing", () => {
  assert.ok(parse(JSON.stringify({ a: '[[[[{{{{::::\\"', b: ["\\\\", ':"'] })).ok);
});
