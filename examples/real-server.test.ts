import assert from "node:assert/strict";
import { PassThrough } from "node:stream";
import { setTimeout as pause } from "node:timers/promises";
import { test, type TestContext } from "node:test";
import type { AgentView, IncidentView, Page } from "@midwatch/protocol";
import { startTestServer, type TestServer } from "../packages/server/src/testing/test-server.ts";
import { demoConfig } from "./testing/example-configs.ts";
import { nodeExample, startExample, withoutPython } from "./testing/example-process.ts";

interface Watched {
  readonly server: TestServer;
  /** What the demo's channel has written. */
  readonly terminal: () => string;
  readonly environment: Readonly<Record<string, string>>;
}

/** The real server, with the channels of the demo and its terminal in our hands. */
async function watched(t: TestContext): Promise<Watched> {
  const { channels, alertsTo } = demoConfig();
  const stream = new PassThrough();
  let written = "";
  stream.on("data", (piece: Buffer) => (written += piece.toString()));
  const server = await startTestServer({ channels, alertsTo, stream });
  t.after(() => server[Symbol.asyncDispose]());
  const environment = { MIDWATCH_URL: server.url, MIDWATCH_KEY: server.keys.ingest, DEMO_EVERY: "20ms" };
  return { server, terminal: () => written, environment };
}

/** Waits for an agent to look as it should; fails after 20 s with how it looks. */
async function agentThat(server: TestServer, name: string, looks: (agent: AgentView) => boolean): Promise<AgentView> {
  const deadline = Date.now() + 20_000;
  for (;;) {
    const { status, body } = await server.get<AgentView>(`/api/v1/agents/${name}`);
    if (status === 200 && looks(body)) return body;
    assert.ok(Date.now() < deadline, `${name} never looked as expected: ${JSON.stringify(body)}`);
    await pause(50);
  }
}

async function incidentKinds(server: TestServer): Promise<readonly string[]> {
  const { body } = await server.get<Page<IncidentView>>("/api/v1/incidents");
  return body.items.map(({ agent, kind }) => `${agent} ${kind}`);
}

test("the home-made agent is registered, up and counted by the real server", { skip: withoutPython() }, async (t) => {
  const { server, environment } = await watched(t);
  startExample(t, ["python3", "examples/home-made-agent.py"], { ...environment, AGENT_INTERVAL: "0.05" });
  const agent = await agentThat(server, "home-made", ({ tokens_total }) => tokens_total > 60);
  assert.equal(agent.state, "up");
  assert.deepEqual(await incidentKinds(server), []);
});

test("the real server tells the terminal of the runaway's loop, and of its end", async (t) => {
  const { server, terminal, environment } = await watched(t);
  startExample(t, nodeExample("examples/demo/runaway.ts"), environment);
  await agentThat(server, "runaway", ({ tokens_total }) => tokens_total > 40 * 40_000);
  const deadline = Date.now() + 20_000;
  while (!terminal().includes("is over")) {
    assert.ok(Date.now() < deadline, `the end was never told:\n${terminal()}`);
    await pause(50);
  }
  assert.match(terminal(), /possible loop: 40,000 tokens in one cycle/);
  assert.deepEqual(await incidentKinds(server), ["runaway runaway"]);
});

test("the real server tells nobody of the graceful agent's end", async (t) => {
  const { server, terminal, environment } = await watched(t);
  const agent = startExample(t, nodeExample("examples/demo/graceful.ts"), { ...environment, GRACEFUL_CYCLES: "15" });
  assert.deepEqual(await agent.ended, { code: 0, signal: null });
  const { tokens_total } = await agentThat(server, "graceful", ({ state }) => state === "stopped");
  assert.ok(tokens_total > 90_000, "what the clean-up used is counted all the same");
  assert.deepEqual(await incidentKinds(server), []);
  assert.equal(terminal(), "");
});
