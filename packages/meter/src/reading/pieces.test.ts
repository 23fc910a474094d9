import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { answers } from "../testing/answers.ts";
import { AnswerReader } from "./answer-reader.ts";
import { askForUsage } from "./ask-for-usage.ts";
import { Cutter, dataOf } from "./pieces.ts";
import { Tally } from "./tally.ts";

const streams = [
  ["chat", "events", answers.chatStream],
  ["messages", "events", answers.messageStream],
  ["responses", "events", answers.responsesStream],
  ["gemini", "events", answers.geminiStream],
  ["ollama", "lines", answers.ollamaStream],
] as const;

async function readIn(
  chunks: readonly Buffer[],
  api: (typeof streams)[number][0],
  form: "events" | "lines",
): Promise<object> {
  const tally = new Tally();
  const reader = new AnswerReader({ api, form, encoding: "" }, tally);
  for (const chunk of chunks) reader.push(chunk);
  await reader.end();
  const { tools, ...rest } = tally;
  return { ...rest, tools: tools.calls() };
}

for (const [api, form, stream] of streams) {
  const bytes = Buffer.from(stream.join(""));

  test(`a stream of ${api} cut at any one byte is read the same`, async () => {
    const expected = await readIn([bytes], api, form);
    for (let at = 1; at < bytes.length; at += 1) {
      assert.deepEqual(await readIn([bytes.subarray(0, at), bytes.subarray(at)], api, form), expected, `cut at ${at}`);
    }
  });

  test(`a stream of ${api} in pieces of any size is read the same`, async () => {
    const expected = await readIn([bytes], api, form);
    await fc.assert(
      fc.asyncProperty(fc.array(fc.integer({ min: 1, max: 60 }), { minLength: 1 }), async (sizes) => {
        const chunks: Buffer[] = [];
        for (let at = 0, turn = 0; at < bytes.length; turn += 1) {
          const size = sizes[turn % sizes.length] ?? 1;
          chunks.push(bytes.subarray(at, at + size));
          at += size;
        }
        assert.deepEqual(await readIn(chunks, api, form), expected);
      }),
    );
  });
}

test("what the cutter gives back is what it was given, whatever it was and however it was cut", () => {
  const text = fc.array(fc.constantFrom("a", "\n", "\r\n", "\n\n", "\r\n\r\n", "data: x", "\r", ": c"), {
    maxLength: 30,
  });
  fc.assert(
    fc.property(text, fc.integer({ min: 1, max: 7 }), fc.constantFrom("event", "line"), (parts, size, unit) => {
      const bytes = Buffer.from(parts.join(""));
      const cutter = new Cutter(unit, 20);
      const out: Buffer[] = [];
      for (let at = 0; at < bytes.length; at += size) {
        for (const piece of cutter.push(bytes.subarray(at, at + size))) out.push(piece.bytes);
      }
      for (const piece of cutter.end()) out.push(piece.bytes);
      assert.deepEqual(Buffer.concat(out), bytes);
    }),
  );
});

test("an event beyond the bound is given back in parts that are not read, and the next one is whole again", () => {
  const cutter = new Cutter("event", 10);
  const pieces = [...cutter.push(Buffer.from("data: 0123456789")), ...cutter.push(Buffer.from("9\n\ndata: y\n\n"))];
  assert.deepEqual(
    pieces.map(({ bytes, isWhole }) => [bytes.toString(), isWhole]),
    [
      ["data: 0123456789", false],
      ["9\n\n", false],
      ["data: y\n\n", true],
    ],
  );
});

test("the lines of an event's data are joined, and a comment has none", () => {
  assert.equal(dataOf(Buffer.from("event: e\ndata: a\ndata:b\n\n")), "a\nb");
  assert.equal(dataOf(Buffer.from(": ping\n\n")), null);
});

test("asking for the usage changes nothing else of a request, whatever stands in it", () => {
  const body = fc.record(
    {
      stream: fc.constant(true),
      stream_options: fc.oneof(fc.constant(null), fc.dictionary(fc.string(), fc.jsonValue())),
      'odd"}{,:': fc.jsonValue(),
      messages: fc.jsonValue(),
    },
    { requiredKeys: ["stream"] },
  );
  fc.assert(
    fc.property(body, fc.constantFrom(undefined, 2), (given, indent) => {
      const text = JSON.stringify(given, null, indent);
      const plain = JSON.parse(text) as Record<string, unknown>;
      const asked = askForUsage(text, plain);
      const options = plain["stream_options"] as Record<string, unknown> | null | undefined;
      if (options?.["include_usage"] === true) return assert.equal(asked, null);
      assert.deepEqual(JSON.parse(asked ?? ""), { ...plain, stream_options: { ...options, include_usage: true } });
    }),
  );
});
