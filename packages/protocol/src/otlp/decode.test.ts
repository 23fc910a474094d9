import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import {
  bytesOf,
  jsonAttributes,
  metricsJson,
  spanId,
  tracesJson,
  tracesProtobuf,
  type ToldSpan,
} from "../testing/otlp-messages.ts";
import { decodeTelemetry } from "./decode.ts";
import { OTLP_LIMITS, type DecodedTelemetry, type LateValue, type Signal } from "./records.ts";

const chat: ToldSpan = {
  span: "chat",
  parent: "agent",
  failed: true,
  attributes: {
    "gen_ai.operation.name": "chat",
    "gen_ai.usage.input_tokens": 1_500,
    "gen_ai.usage.output_tokens": -3,
    "llm.cost.total": 0.25,
    "nobody.wants.this": "x".repeat(5_000),
    "gen_ai.tool.call.arguments": { query: "tides", pages: [1, 2], deep: { yes: true } },
  },
};

function decoded(signal: Signal, body: unknown): Extract<DecodedTelemetry, { ok: true }> {
  const isBytes = body instanceof Uint8Array;
  const result = decodeTelemetry(signal, isBytes ? "protobuf" : "json", isBytes ? body : bytesOf(body));
  assert.ok(result.ok);
  return result;
}

/** A late value says the same wherever its bytes are, so it is compared by what it reads. */
function plain(result: DecodedTelemetry): unknown {
  return JSON.parse(
    JSON.stringify(result, (_key, value: unknown) => {
      if (value instanceof Map) return Object.fromEntries(value as Map<string, unknown>);
      return typeof value === "object" && value !== null && "read" in value ? (value as LateValue).read() : value;
    }),
  );
}

test("both encodings of the same spans are decoded alike, and only what somebody asks for", () => {
  const json = tracesJson([chat, { span: "agent" }], { "service.name": "bot", "process.pid": 12 });
  const fromJson = decoded("traces", json);
  assert.deepEqual(plain(fromJson), plain(decoded("traces", tracesProtobuf(json))));
  const [first] = fromJson.resources;
  assert.equal(first?.resource.get("process.pid"), 12);
  const [span] = first.spans;
  assert.deepEqual([span?.span, span?.parent, span?.failed], [spanId("chat"), spanId("agent"), true]);
  assert.equal(span?.attributes.get("gen_ai.usage.output_tokens"), -3);
  assert.equal(span.attributes.has("nobody.wants.this"), false);
  const args = span.attributes.get("gen_ai.tool.call.arguments") as LateValue;
  assert.deepEqual(args.read(), { query: "tides", pages: [1, 2], deep: { yes: true } });
});

test("a request that is cut off at any byte is refused or is a shorter one, and never more than that", () => {
  const whole = tracesProtobuf(tracesJson([chat, { span: "agent" }], { "service.name": "bot" }));
  for (let length = 0; length < whole.length; length += 1) {
    const cut = decodeTelemetry("traces", "protobuf", whole.subarray(0, length));
    // All of it is one field at the top, so only nothing is a whole message, too.
    assert.equal(cut.ok, length === 0, `cut at ${length} of ${whole.length}`);
  }
});

test("whatever bytes come, decoding ends with a value", () => {
  const whole = tracesProtobuf(tracesJson([chat]));
  const damaged = fc
    .tuple(fc.nat(whole.length - 1), fc.nat(255))
    .map(([at, byte]) => Uint8Array.from(whole, (one, index) => (index === at ? byte : one)));
  const bytes = fc.oneof(fc.uint8Array({ maxLength: 200 }), damaged);
  fc.assert(
    fc.property(bytes, fc.constantFrom<Signal>("traces", "metrics", "logs"), (body, signal) => {
      for (const encoding of ["protobuf", "json"] as const) {
        const result = decodeTelemetry(signal, encoding, body);
        if (!result.ok) assert.ok(result.message.length > 0);
      }
    }),
    { numRuns: 2_000 },
  );
});

test("JSON of any shape is read without a complaint, as far as it is telemetry", () => {
  const key = fc.constantFrom(
    "resourceSpans",
    "scopeSpans",
    "spans",
    "attributes",
    "key",
    "value",
    "intValue",
    "traceId",
  );
  const { tree } = fc.letrec((tie) => ({
    tree: fc.oneof(
      { maxDepth: 9 },
      fc.constantFrom(null, 1, -1, 1e300, "", "x", true),
      fc.array(tie("tree"), { maxLength: 3 }),
      fc.dictionary(key, tie("tree"), { maxKeys: 4 }),
    ),
  }));
  fc.assert(
    fc.property(fc.dictionary(key, tree), (body) => {
      assert.ok(decodeTelemetry("traces", "json", bytesOf(body)).ok);
    }),
  );
});

test("what is no JSON object, or no text, is refused in words", () => {
  for (const body of ["", "[]", "3", "{", "\xff"]) {
    const result = decodeTelemetry("logs", "json", Buffer.from(body, "latin1"));
    assert.ok(!result.ok && /^the body is/.test(result.message), body);
  }
  // A value inside a value inside a value: the reader of JSON takes it, and so does the walk.
  const deep = `{"resourceLogs":${"[".repeat(100_000)}${"]".repeat(100_000)}}`;
  assert.ok(decodeTelemetry("logs", "json", Buffer.from(deep)).ok);
});

test("arguments that are nested without end are not read to their end", () => {
  const nested = (depth: number): unknown => (depth === 0 ? "end" : [nested(depth - 1)]);
  const attributes = { "gen_ai.tool.call.arguments": nested(OTLP_LIMITS.depth + 5) };
  const json = tracesJson([{ span: "a", attributes }]);
  const late = (result: DecodedTelemetry): LateValue => {
    assert.ok(result.ok);
    return result.resources[0]?.spans[0]?.attributes.get("gen_ai.tool.call.arguments") as LateValue;
  };
  assert.throws(() => late(decoded("traces", tracesProtobuf(json))).read(), /nested too deep/);
  assert.match(JSON.stringify(late(decoded("traces", json)).read()), /null/);
});

test("a request holds so many records, and says how many were beyond that", () => {
  const spans = Array.from({ length: OTLP_LIMITS.records + 7 }, () => ({ span: "a" }));
  const json = tracesJson(spans);
  for (const result of [decoded("traces", json), decoded("traces", tracesProtobuf(json))]) {
    assert.equal(result.beyondLimit, 7);
    assert.equal(result.resources[0]?.spans.length, OTLP_LIMITS.records);
  }
});

test("a record has so many attributes, and a text so many characters", () => {
  const many = Object.fromEntries(Array.from({ length: 1_000 }, (_, index) => [`a${index}`, "é".repeat(5_000)]));
  const json = tracesJson([], many);
  for (const result of [decoded("traces", json), decoded("traces", tracesProtobuf(json))]) {
    const [first] = result.resources;
    assert.equal(first?.resource.size, OTLP_LIMITS.attributes);
    assert.equal(first.resource.get("a0"), "é".repeat(OTLP_LIMITS.stringLength));
  }
});

test("64-bit integers are read as numbers or as text, and enumerations by number or by name", () => {
  const json = metricsJson({ m: [{ value: 3 }] });
  const { metrics } = json.resourceMetrics[0]!.scopeMetrics[0]!;
  const named = {
    ...metrics[0],
    sum: {
      ...(metrics[0] as unknown as { sum: object }).sum,
      aggregationTemporality: "AGGREGATION_TEMPORALITY_CUMULATIVE",
    },
  };
  const points = (body: unknown) => decoded("metrics", body).resources[0]!.points;
  assert.deepEqual(
    points(json).map(({ value, isCumulative }) => [value, isCumulative]),
    [[3, false]],
  );
  const body = { resourceMetrics: [{ scopeMetrics: [{ metrics: [named] }] }] };
  assert.deepEqual(
    points(body).map(({ isCumulative }) => isCumulative),
    [true],
  );
  const attributes = jsonAttributes({ a: 5 });
  const asText = [{ key: "a", value: { intValue: "5" } }];
  for (const list of [attributes, asText]) {
    const span = { resource: { attributes: list } };
    assert.equal(decoded("traces", { resourceSpans: [span] }).resources[0]!.resource.get("a"), 5);
  }
});
