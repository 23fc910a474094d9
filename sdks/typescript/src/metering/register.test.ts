// The preload in real processes: `node --import @midwatch/sdk/meter agent.mjs`.

import assert from "node:assert/strict";
import { test, type TestContext } from "node:test";
import { startProviders } from "../../../../test/support/providers/start-providers.ts";
import { startAgent } from "../testing/agent-process.ts";
import { StubServer } from "../testing/stub-server.ts";

const preload = new URL("register.ts", import.meta.url).href;

/** Runs a program with the meter preloaded (twice, which must not matter); `ask(fetch?)` makes one call. */
async function run(t: TestContext, script: string): Promise<{ stub: StubServer; output: string; used: number }> {
  const [stub, providers] = [await StubServer.listen(), await startProviders(t)];
  t.after(() => stub.close());
  const ask = `
    const ask = async (by = fetch) => (await by("${providers.urls.openai}/chat/completions", {
      method: "POST", body: JSON.stringify({ model: "m+tool", messages: [] }),
    })).json();
    ${script}`;
  const agent = startAgent(stub, ask, ["--import", preload, "--import", `${preload}?again`]);
  t.after(() => agent.child.kill("SIGKILL"));
  assert.deepEqual(await agent.ended, { status: 0, signal: null }, agent.output.text);
  const { input, output } = providers.served("openai");
  return { stub, output: agent.output.text, used: input + output };
}

test("what a program uses without knowing of the meter goes out with its own beats", async (t) => {
  const { stub, output, used } = await run(
    t,
    `for await (const cycle of new Midwatch().cycles()) { await ask(); if (cycle.number === 3) break; }`,
  );
  assert.equal(stub.tokens, used);
  assert.deepEqual(
    stub.kept.map(({ status }) => status),
    ["starting", "ok", "ok", "exited"],
  );
  const [, { usage = [], tools = [] } = {}] = stub.kept;
  assert.deepEqual(
    usage.map(({ provider, model, calls }) => [provider, model, calls]),
    [["openai", "m", 1]],
  );
  assert.deepEqual(
    tools.map(({ name }) => name),
    ["look_up"],
  );
  assert.equal(output, "");
});

test("the plain heartbeat takes it along too", async (t) => {
  const { stub, used } = await run(t, `await ask(); await ask(); await heartbeat("my-agent");`);
  assert.deepEqual([stub.kept.length, stub.tokens], [1, used]);
});

test("watch.fetch beside the preload counts a call once", async (t) => {
  const { stub, used } = await run(
    t,
    `const watch = new Midwatch(); await ask(watch.fetch); await ask(); await watch.beat();`,
  );
  assert.equal(stub.tokens, used);
});

test("a program that never beats is told at its end what nobody heard of; no beat is made in its place", async (t) => {
  const { stub, output, used } = await run(t, `await ask(); await ask();`);
  assert.equal(stub.requests, 0);
  assert.match(output, new RegExp(`^midwatch: 2 metered calls with ${String(used)} tokens went into no beat`, "u"));
});
