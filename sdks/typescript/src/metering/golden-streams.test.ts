import assert from "node:assert/strict";
import { readdirSync, readFileSync } from "node:fs";
import { test } from "node:test";
import type { UsageRow } from "../usage-shapes.ts";
import type { CalledTool } from "./called-tools.ts";
import { endpointOf } from "./endpoint.ts";
import { meteredFetch } from "./metered-fetch.ts";

interface GoldenStream {
  name: string;
  url: string;
  content_type: string;
  body: string[];
  expect: { row: UsageRow | null; tools: CalledTool[] };
}

interface GoldenEndpoint {
  method: string;
  url: string;
  expect: { provider: string | null; model: string | null; known: boolean } | null;
}

const folder = new URL("../../../../packages/protocol/golden/", import.meta.url);

function read(file: string): unknown {
  return JSON.parse(readFileSync(new URL(file, folder), "utf8"));
}

/** An answer that arrives in pieces of this size. */
function answer(bytes: Uint8Array, size: number, contentType: string): Response {
  let at = 0;
  const body = new ReadableStream<Uint8Array>({
    pull: (controller) => {
      if (at < bytes.length) controller.enqueue(bytes.slice(at, (at += size)));
      else controller.close();
    },
  });
  return new Response(body, { headers: { "content-type": contentType } });
}

async function metered(stream: GoldenStream, size: number): Promise<{ row: UsageRow | null; tools: CalledTool[] }> {
  const counted: { row: UsageRow; tools: CalledTool[] }[] = [];
  const bytes = new TextEncoder().encode(stream.body.join("\n"));
  const fetch = meteredFetch({
    fetch: () => Promise.resolve(answer(bytes, size, stream.content_type)),
    onlyKnown: false,
    meter: { call: (row, tools) => counted.push({ row, tools: [...tools] }), unknown: () => undefined },
  });
  const response = await fetch(stream.url, { method: "POST" });
  assert.deepEqual(new Uint8Array(await response.arrayBuffer()), bytes, "the client gets every byte");
  assert.ok(counted.length <= 1, "a call is counted once");
  return counted[0] ?? { row: null, tools: [] };
}

const files = readdirSync(new URL("streams/", folder));
assert.ok(files.length > 20, "the golden streams are there");
for (const file of files) {
  const stream = read(`streams/${file}`) as GoldenStream;
  test(`golden stream, however it is cut: ${stream.name}`, async () => {
    for (const size of [1, 7, 64, 1_000_000])
      assert.deepEqual(await metered(stream, size), stream.expect, `cut by ${size}`);
  });
}

for (const { method, url, expect } of read("endpoints.json") as GoldenEndpoint[]) {
  test(`golden endpoint: ${method} ${url}`, () => {
    const endpoint = endpointOf(method, url);
    const seen = endpoint && { provider: endpoint.provider, model: endpoint.model, known: endpoint.isKnown };
    assert.deepEqual(seen, expect);
  });
}
