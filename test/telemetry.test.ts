// Real exporters against a real server. What arrives is asked of a meter that records; see `startTestServer`.

import assert from "node:assert/strict";
import { execFile } from "node:child_process";
import { existsSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { promisify } from "node:util";
import type { MeteredCall } from "@midwatch/core";
import type { AgentView, CostAnswer } from "@midwatch/protocol";
import type { Store } from "@midwatch/store";
import { meterInTest } from "../packages/server/src/testing/meter-in-test.ts";
import { createRecordingMeter, type RecordingMeter } from "../packages/server/src/testing/recording-meter.ts";
import { startTestServer, type TestServer } from "../packages/server/src/testing/test-server.ts";

const clients = join(import.meta.dirname, "telemetry-clients");
const python = join(clients, ".venv", "bin", "python");
const withoutJs = existsSync(join(clients, "node_modules"))
  ? false
  : "the exporters are not installed; run bash test/install-clients";
const withoutPython = existsSync(python)
  ? false
  : "the Python exporters are not installed; run bash test/install-clients";

interface Scene extends AsyncDisposable {
  readonly server: TestServer;
  readonly meter: RecordingMeter;
  /** Runs an exporter to its end; what it complains of is a failure. */
  send(command: readonly [string, ...string[]], env?: Readonly<Record<string, string>>): Promise<void>;
}

/** With `ledger` calls go into the server's own, as they do outside of tests. */
async function openScene({ ledger = false } = {}): Promise<Scene> {
  let store: Store | null = null;
  const meter = createRecordingMeter(() => store!);
  const server = await startTestServer(ledger ? {} : { usageMeter: meter });
  store = server.store;
  return {
    server,
    meter,
    send: async ([file, ...args], env = {}) => {
      const variables = {
        PATH: process.env["PATH"],
        OTEL_EXPORTER_OTLP_ENDPOINT: server.url,
        OTEL_EXPORTER_OTLP_HEADERS: `Authorization=Bearer%20${server.keys.ingest}`,
        OTEL_RESOURCE_ATTRIBUTES: "midwatch.agent=researcher",
        OTEL_EXPORTER_OTLP_TIMEOUT: "10000",
        ...env,
      };
      const { stdout, stderr } = await promisify(execFile)(file, args, { cwd: clients, env: variables });
      assert.equal(stdout + stderr, "");
    },
    [Symbol.asyncDispose]: () => server[Symbol.asyncDispose](),
  };
}

const sumOf = (calls: readonly MeteredCall[]) =>
  calls.reduce((sum, { inputTokens, outputTokens }) => sum + inputTokens + outputTokens, 0);

function bySource(calls: readonly MeteredCall[]): Readonly<Record<string, readonly MeteredCall[]>> {
  return Object.groupBy(calls, ({ source }) => source);
}

for (const [encoding, compression] of [
  ["proto", "none"],
  ["proto", "gzip"],
  ["http", "none"],
  ["http", "gzip"],
] as const) {
  test(
    `the JavaScript exporters (otlp-${encoding}, ${compression}) tell each call once`,
    { skip: withoutJs },
    async () => {
      await using scene = await openScene();
      await scene.send([process.execPath, "export.mjs", encoding], { OTEL_EXPORTER_OTLP_COMPRESSION: compression });
      const { span = [], metric = [], log = [] } = bySource(scene.meter.callsOf("researcher"));
      const chats = span.filter(({ calls }) => calls > 0);
      assert.deepEqual(
        chats.map(({ key, model, provider }) => [key, model, provider]),
        [1, 2].map((n) => [`chatcmpl-0000-0000-000${n}`, "gpt-5", "openai"]),
      );
      assert.equal(sumOf(chats), 3_300, "the agent's sum is not added to its parts");
      assert.deepEqual(
        span.flatMap(({ tools }) => tools.map(({ name }) => name)),
        ["search"],
      );
      assert.deepEqual(
        metric.map(({ inputTokens, outputTokens }) => [inputTokens, outputTokens]),
        [
          [1_500, 150],
          [1_500, 150],
        ],
        "a cumulative metric is told by its growth",
      );
      const [request] = log;
      assert.ok(request);
      assert.equal(request.key, "req_011CSHoEeqs5C35K2UUqR7Fy");
      assert.deepEqual([request.inputTokens, request.outputTokens, request.costUsdMicros], [1_110, 20, 4_200]);
      assert.equal(log.length, 1);
    },
  );
}

test("the Python exporters tell each call once", { skip: withoutPython }, async () => {
  await using scene = await openScene();
  await scene.send([python, "export.py"]);
  const { span = [], metric = [] } = bySource(scene.meter.callsOf("researcher"));
  assert.equal(span.length, 2);
  assert.equal(sumOf(span), 3_300);
  assert.equal(sumOf(metric), 3_300);
  assert.ok(metric.every(({ provider, model }) => provider === "openai" && model === "gpt-5"));
});

for (const [language, command, skip, tokens] of [
  // Two calls of OpenAI's as spans and as metrics, and one of Anthropic's as a log event.
  ["JavaScript", [process.execPath, "export.mjs", "proto"], withoutJs, 3_300 + 1_130],
  ["Python", [python, "export.py"], withoutPython, 3_300],
] as const) {
  test(
    `traces, metrics and logs of the same calls at once (${language}) are in the ledger once`,
    { skip },
    async () => {
      await using scene = await openScene({ ledger: true });
      await scene.send([...command]);
      const agent = await scene.server.get<AgentView>("/api/v1/agents/researcher");
      assert.equal(agent.body.tokens_total, tokens);
      const { rows } = (await scene.server.get<CostAnswer>("/api/v1/cost")).body;
      const sum = (counted: boolean): number =>
        rows
          .filter((row) => row.counted === counted)
          .reduce((all, row) => all + row.input_tokens + row.output_tokens, 0);
      assert.equal(sum(true), tokens);
      assert.equal(sum(false), 3_300, "what was told a second time stands beside it");
    },
  );
}

test("calls that come through the proxy and by telemetry at once are counted once", { skip: withoutJs }, async () => {
  await using scene = await openScene({ ledger: true });
  const meter = meterInTest(scene.server);
  // The first of the two answers has the id that the span tells, too.
  const whole = { agent: "researcher", input_tokens: 1_500, output_tokens: 150 };
  await meter.deliver({ ...whole, key: "chatcmpl-0000-0000-0001" }, { ...whole, key: "chatcmpl-0000-0000-0002" });
  await scene.send([process.execPath, "export.mjs", "proto"]);
  const agent = await scene.server.get<AgentView>("/api/v1/agents/researcher");
  assert.equal(agent.body.tokens_total, 3_300 + 1_130);
});

test("an exporter that names its agent in the path needs no resource attribute", { skip: withoutJs }, async () => {
  await using scene = await openScene();
  await scene.send([process.execPath, "export.mjs", "proto"], {
    OTEL_EXPORTER_OTLP_ENDPOINT: `${scene.server.url}/otlp/by-path`,
    OTEL_RESOURCE_ATTRIBUTES: "",
  });
  assert.deepEqual([...scene.meter.calls.keys()], ["by-path"]);
});
