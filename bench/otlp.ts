// `npm run bench -- otlp`: spans a second that one core decodes and makes sense of, and how many the whole way takes, from the request
// to a meter that records. The yardstick is `JSON.parse` of the same spans as OTLP/JSON, in the same run.

import { decodeTelemetry, spanMeaning } from "@midwatch/protocol/otlp";
import type { UsageMeter } from "../packages/server/src/metering/usage-meter.ts";
import { startTestServer } from "../packages/server/src/testing/test-server.ts";
import type { Store } from "@midwatch/store";
import {
  tracesJson,
  tracesProtobuf,
  type JsonSpan,
  type ToldSpan,
} from "../packages/protocol/src/testing/otlp-messages.ts";
import { median, spellCount, type Bench } from "./finding.ts";
import { printTable } from "./table.ts";

const spansPerBatch = 512;
const attributesPerSpan = 20;
const aimPerSecond = 50_000;
const rounds = 9;
const roundMs = 250;

/** `every` n-th span is a call of a model; the others are what else an agent's traces hold. */
function batchOf(every: number): ReturnType<typeof tracesJson> {
  const spans = Array.from({ length: spansPerBatch }, (_, index): ToldSpan => {
    const isCall = index % every === 0;
    const known = isCall ? call(index) : { "http.request.method": "GET", "url.full": `https://example.org/${index}` };
    const rest = Array.from({ length: attributesPerSpan - Object.keys(known).length }, (_unused, nth) => [
      `app.detail.${nth}`,
      `value ${nth} of span ${index}`,
    ]);
    const attributes = { ...known, ...(Object.fromEntries(rest) as Record<string, string>) };
    return { span: index.toString(36), parent: "root", name: isCall ? "chat gpt-5" : "GET", attributes };
  });
  return tracesJson(spans, { "service.name": "bench", "midwatch.agent": "bench" });
}

function call(index: number): Readonly<Record<string, string | number>> {
  return {
    "gen_ai.operation.name": "chat",
    "gen_ai.provider.name": "openai",
    "gen_ai.request.model": "gpt-5",
    "gen_ai.response.model": "gpt-5-2025-08-07",
    "gen_ai.usage.input_tokens": 1_500 + index,
    "gen_ai.usage.output_tokens": 150,
    "gen_ai.usage.cache_read.input_tokens": 1_000,
    "gen_ai.conversation.id": "c-1",
  };
}

/** How often a second `work` is done, the median of some rounds. */
function perSecond(work: () => void): number {
  const rates: number[] = [];
  for (let round = 0; round <= rounds; round += 1) {
    const from = performance.now();
    let done = 0;
    while (performance.now() - from < roundMs) {
      work();
      done += 1;
    }
    // The first round warms up.
    if (round > 0) rates.push((done * 1_000) / (performance.now() - from));
  }
  return median(rates);
}

function understand(bytes: Uint8Array, encoding: "protobuf" | "json"): number {
  const decoded = decodeTelemetry("traces", encoding, bytes);
  if (!decoded.ok) throw new Error(decoded.message);
  let calls = 0;
  for (const { spans } of decoded.resources) for (const span of spans) if (spanMeaning(span)) calls += 1;
  return calls;
}

export const run: Bench = async () => {
  const rows: string[][] = [];
  const rates: number[] = [];
  for (const [mix, every] of [
    ["1 of 4 spans a call", 4],
    ["every span a call", 1],
  ] as const) {
    const json = batchOf(every);
    const text = JSON.stringify(json);
    const protobuf = tracesProtobuf(json);
    const parsed = perSecond(() => void JSON.parse(text)) * spansPerBatch;
    const fromProtobuf = perSecond(() => void understand(protobuf, "protobuf")) * spansPerBatch;
    const fromJson = perSecond(() => void understand(Buffer.from(text), "json")) * spansPerBatch;
    rates.push(fromProtobuf);
    for (const [what, rate] of [
      ["JSON.parse alone", parsed],
      ["protobuf, decoded and understood", fromProtobuf],
      ["JSON, decoded and understood", fromJson],
    ] as const) {
      rows.push([`${what}, ${mix}`, spellCount(rate), (rate / parsed).toFixed(2)]);
    }
  }
  const whole = await throughTheDoor();
  rows.push(["the whole way over HTTP, 1 of 4 spans a call", spellCount(whole), ""]);
  printTable(
    `Spans of ${attributesPerSpan} attributes, ${spansPerBatch} a request`,
    ["", "spans/s", "to JSON.parse"],
    rows,
  );
  const slowest = Math.min(...rates);
  return [
    {
      what: "spans decoded and understood on one core",
      measured: `${spellCount(slowest)} spans/s`,
      aim: "at least 50,000 spans/s",
      met: slowest >= aimPerSecond,
    },
  ];
};

/** Requests one after the other; each has other spans, so that each is counted. */
async function throughTheDoor(): Promise<number> {
  let store: Store | null = null;
  const usageMeter: UsageMeter = {
    // Writes what telemetry remembers, as the real meter does, and keeps no list of calls.
    record: async ({ telemetry }) => {
      await store?.fold([], () => ({ agents: [], notices: () => [], ...(telemetry ? { telemetry } : {}) }));
    },
  };
  await using server = await startTestServer({ usageMeter });
  store = server.store;
  const bodies = Array.from({ length: 20 }, (_, nth) => Buffer.from(tracesProtobuf(inTrace(batchOf(4), nth))));
  const headers = { "content-type": "application/x-protobuf", authorization: `Bearer ${server.keys.ingest}` };
  let sent = 0;
  const from = performance.now();
  while (performance.now() - from < 3_000) {
    const body = bodies[sent % bodies.length];
    const answer = await fetch(`${server.url}/v1/traces`, { method: "POST", headers, ...(body ? { body } : {}) });
    if (answer.status !== 200) throw new Error(`answered with ${answer.status}: ${await answer.text()}`);
    await answer.arrayBuffer();
    sent += 1;
  }
  return (sent * spansPerBatch * 1_000) / (performance.now() - from);
}

function inTrace(json: ReturnType<typeof tracesJson>, nth: number): ReturnType<typeof tracesJson> {
  const trace = nth.toString(16).padStart(32, "0");
  const moved = (span: JsonSpan): JsonSpan => ({ ...span, traceId: trace });
  return {
    resourceSpans: json.resourceSpans.map((resource) => ({
      ...resource,
      scopeSpans: resource.scopeSpans.map((scope) => ({ ...scope, spans: scope.spans.map(moved) })),
    })),
  };
}
