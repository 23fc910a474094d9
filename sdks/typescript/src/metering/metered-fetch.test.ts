// A metered fetch against a real server that speaks as the providers do: what the client sees stays what it was.

import assert from "node:assert/strict";
import { test, type TestContext } from "node:test";
import { startProviders, type Providers } from "../../../../test/support/providers/start-providers.ts";
import type { UsageRow } from "../usage-shapes.ts";
import type { CalledTool } from "./called-tools.ts";
import { meteredFetch, type Fetch, type MeteredFetchOptions } from "./metered-fetch.ts";

interface Case {
  readonly providers: Providers;
  readonly fetch: Fetch;
  readonly rows: UsageRow[];
  readonly tools: CalledTool[];
  readonly unknown: string[];
}

async function metered(t: TestContext, options: MeteredFetchOptions & { onlyKnown?: boolean } = {}): Promise<Case> {
  const [rows, tools, unknown] = [[] as UsageRow[], [] as CalledTool[], [] as string[]];
  const meter = {
    call: (row: UsageRow, called: readonly CalledTool[]): void => {
      rows.push(row);
      tools.push(...called);
    },
    unknown: (kind: string): void => void unknown.push(kind),
  };
  const fetch = meteredFetch({ onlyKnown: false, ...options, meter });
  return { providers: await startProviders(t), fetch, rows, tools, unknown };
}

function chat(model: string, more: object = {}): RequestInit {
  const body = JSON.stringify({ model, messages: [], ...more });
  return { method: "POST", headers: { "content-type": "application/json" }, body };
}

function answering(body: string | ReadableStream, contentType = "application/json"): Fetch {
  return () => Promise.resolve(new Response(body, { headers: { "content-type": contentType } }));
}

const known = "https://api.openai.com/v1/chat/completions";
const asked = { method: "POST" };
const usage = { usage: { prompt_tokens: 3, completion_tokens: 4 } };

const readings: Readonly<Record<string, (response: Response) => Promise<unknown>>> = {
  json: (response) => response.json(),
  text: (response) => response.text(),
  bytes: (response) => response.arrayBuffer(),
  "a loop over its body": async (response) => {
    let size = 0;
    for await (const bytes of response.body ?? []) size += (bytes as Uint8Array).length;
    return size;
  },
  "a reader with memory of its own": async (response) => {
    const reader = response.body?.getReader({ mode: "byob" });
    let size = 0;
    for (let memory = new Uint8Array(100); reader !== undefined;) {
      const { done, value } = await reader.read(memory);
      if (done) break;
      size += value.byteLength;
      memory = new Uint8Array(value.buffer);
    }
    return size;
  },
  "a clone and itself": async (response) => [await response.clone().text(), await response.text()],
};

for (const [how, read] of Object.entries(readings)) {
  test(`an answer that is read as ${how} is the same, and counted once`, async (t) => {
    const { providers, fetch, rows } = await metered(t);
    const address = `${providers.urls.openai}/chat/completions`;
    const seen = await read(await fetch(address, chat("m+gzip")));
    const { input, output } = providers.served("openai");
    assert.deepEqual(
      rows.map((row) => [row.input_tokens, row.output_tokens]),
      [[input, output]],
    );
    assert.ok(seen !== undefined && seen !== 0);
  });
}

test("an answer keeps its status, headers and address, and so does its clone", async (t) => {
  const { providers, fetch } = await metered(t);
  const address = `${providers.urls.openai}/chat/completions`;
  const response = await fetch(new Request(address, chat("m")));
  const plain = await globalThis.fetch(address, chat("m"));
  for (const seen of [response, response.clone()]) {
    assert.deepEqual(
      [seen.url, seen.status, seen.ok, seen.redirected, seen.type],
      [address, 200, true, false, plain.type],
    );
    assert.equal(seen.headers.get("content-type"), plain.headers.get("content-type"));
    assert.ok(seen instanceof Response);
  }
});

test("nothing is read before the client reads", async (t) => {
  let pulls = 0;
  const body = new ReadableStream<Uint8Array>(
    {
      pull: (controller) => {
        pulls += 1;
        controller.enqueue(new TextEncoder().encode("data: {}\n\n"));
      },
    },
    { highWaterMark: 0 },
  );
  const { fetch } = await metered(t, { fetch: answering(body, "text/event-stream") });
  const reader = (await fetch(known, asked)).body?.getReader();
  assert.equal(pulls, 0);
  await reader?.read();
  await new Promise(setImmediate);
  assert.equal(pulls, 1);
  await reader?.cancel();
});

test("a client that stops reading stops the provider, and what was told so far is counted", async (t) => {
  const { providers, fetch, rows } = await metered(t);
  const response = await fetch(`${providers.urls.anthropic}/v1/messages`, chat("m+hold", { stream: true }));
  for await (const bytes of response.body ?? []) {
    assert.ok(bytes);
    break;
  }
  while (providers.calls.length === 0) await new Promise(setImmediate);
  const [call] = providers.calls;
  assert.equal(call?.ending, "left");
  assert.deepEqual(
    rows.map((row) => row.input_tokens),
    [call.usage.input],
  );
});

test("an abort reaches the client as its own error, and what was told so far is counted", async (t) => {
  const { providers, fetch, rows } = await metered(t);
  const abort = new AbortController();
  const address = `${providers.urls.google}/v1beta/models/m+hold:streamGenerateContent`;
  const response = await fetch(address, { ...chat("m"), signal: abort.signal });
  const reader = response.body?.getReader();
  await reader?.read();
  abort.abort(new RangeError("enough"));
  await assert.rejects(async () => {
    for (;;) await reader?.read();
  }, new RangeError("enough"));
  assert.equal(rows.length, 1);
  assert.equal(rows[0]?.provider, "google");
});

test("a connection that breaks fails for the client as it would, and counts what was told", async (t) => {
  const { providers, fetch, rows, unknown } = await metered(t);
  await assert.rejects(
    fetch(`${providers.urls.openai}/chat/completions`, chat("m+break")).then((answer) => answer.text()),
  );
  await assert.rejects(
    fetch(`${providers.urls.anthropic}/v1/messages`, chat("m+break", { stream: true })).then((answer) => answer.text()),
  );
  assert.deepEqual(unknown, ["broken"]);
  assert.deepEqual(
    rows.map((row) => row.provider),
    ["anthropic"],
  );
});

test("an answer that reports an error costs nothing and stays the very same", async (t) => {
  const { providers, fetch, rows, unknown } = await metered(t);
  const response = await fetch(`${providers.urls.openai}/chat/completions`, chat("m+fail"));
  assert.equal(response.status, 500);
  assert.match(await response.text(), /it was told to fail/u);
  assert.deepEqual([rows, unknown], [[], []]);
});

test("what is no answer of a model is handed through as it is", async (t) => {
  const page = new Response("<html></html>", { headers: { "content-type": "text/html" } });
  const { fetch } = await metered(t, { fetch: () => Promise.resolve(page) });
  assert.equal(await fetch(known, asked), page);
  assert.equal(await fetch("https://api.openai.com/v1/models"), page);
});

test("a stream that was not asked for its usage is not counted, and said to be so", async (t) => {
  const { providers, fetch, rows, unknown } = await metered(t);
  await (await fetch(`${providers.urls.openai}/chat/completions`, chat("m", { stream: true }))).text();
  assert.deepEqual([rows, unknown], [[], ["silent"]]);
});

test("includeUsage asks streams of OpenAI's chat for their usage, and nothing else of anybody", async (t) => {
  const { providers, fetch, rows } = await metered(t, { includeUsage: true });
  const address = `${providers.urls.openai}/chat/completions`;
  await (await fetch(address, chat("m", { stream: true }))).text();
  const { input, output } = providers.served("openai");
  assert.deepEqual(
    rows.map((row) => row.input_tokens + row.output_tokens),
    [input + output],
  );
  const bodies: unknown[] = [];
  const spy = await metered(t, {
    includeUsage: true,
    fetch: (_, init) => {
      bodies.push(init?.body);
      return Promise.resolve(Response.json({}));
    },
  });
  const untouched = [
    [known, chat("m")],
    [known, chat("m", { stream: true, stream_options: { include_usage: false } })],
    ["https://api.anthropic.com/v1/messages", chat("m", { stream: true })],
    [known, { method: "POST", body: "no JSON" }],
  ] as const;
  for (const [url, init] of untouched) await (await spy.fetch(url, init)).text();
  assert.deepEqual(
    bodies,
    untouched.map(([, { body }]) => body),
  );
});

test("an answer of more than 8 MiB passes whole, is not counted, and said to be so", async (t) => {
  const text = JSON.stringify({ ...usage, padding: "x".repeat(9 * 1024 * 1024) });
  const { fetch, rows, unknown } = await metered(t, { fetch: answering(text) });
  assert.equal((await (await fetch(known, asked)).text()).length, text.length);
  assert.deepEqual([rows, unknown], [[], ["long"]]);
});

test("an event of more than 8 MiB in a stream is passed over, and the usage after it is read", async (t) => {
  const text = `data: ${JSON.stringify({ delta: "x".repeat(9 * 1024 * 1024) })}\n\ndata: ${JSON.stringify(usage)}\n\n`;
  const { fetch, rows } = await metered(t, { fetch: answering(text, "text/event-stream") });
  await (await fetch(known, asked)).text();
  assert.deepEqual(
    rows.map((row) => row.input_tokens),
    [3],
  );
});

test("a metered fetch beneath a metered fetch counts a call once, at the top", async (t) => {
  const below = await metered(t);
  const above = await metered(t, { fetch: below.fetch });
  await (await above.fetch(`${below.providers.urls.openai}/chat/completions`, chat("m"))).text();
  assert.deepEqual([above.rows.length, below.rows.length], [1, 0]);
});

test("a fault of the meter costs the count and nothing else", async () => {
  const fail = (): never => {
    throw new Error("the meter is broken");
  };
  const fetch = meteredFetch({
    fetch: answering(JSON.stringify(usage)),
    onlyKnown: false,
    meter: { call: fail, unknown: fail },
  });
  assert.deepEqual(await (await fetch(known, asked)).json(), usage);
});

test("tools: false leaves out what answers ask to call", async (t) => {
  const { providers, fetch, rows, tools } = await metered(t, { tools: false });
  await (await fetch(`${providers.urls.openai}/chat/completions`, chat("m+tool"))).json();
  assert.deepEqual([rows.length, tools], [1, []]);
});

test("who looks only where models are called lets any other answer pass, whatever its shape", async (t) => {
  const { fetch, rows } = await metered(t, { onlyKnown: true, fetch: answering(JSON.stringify(usage)) });
  await (await fetch("http://127.0.0.1:1/report", asked)).text();
  assert.deepEqual(rows, []);
});
