// What an agent's process does to its last beats, and what the SDK does to the process: real processes, real signals, real threads.

import assert from "node:assert/strict";
import { test, type TestContext } from "node:test";
import { startAgent, type AgentProcess } from "./testing/agent-process.ts";
import { StubServer } from "./testing/stub-server.ts";

interface Case {
  readonly stub: StubServer;
  readonly agent: AgentProcess;
}

async function start(t: TestContext, script: string): Promise<Case> {
  const stub = await StubServer.listen();
  const agent = startAgent(stub, script);
  t.after(async () => {
    agent.child.kill("SIGKILL");
    await agent.ended;
    await stub.close();
  });
  return { stub, agent };
}

function statuses(stub: StubServer): string[] {
  return stub.kept.map(({ status }) => status);
}

test("a beat that nobody waits for is delivered before the program ends", async (t) => {
  const { stub, agent } = await start(t, `void heartbeat("my-agent", { tokens_used: 7 }); console.log("bye");`);
  assert.deepEqual(await agent.ended, { status: 0, signal: null });
  assert.deepEqual([statuses(stub), stub.tokens], [["ok"], 7]);
});

test("an exception that ends the program is told with its text, then exited; the program ends as it would", async (t) => {
  const { stub, agent } = await start(
    t,
    `for await (const cycle of new Midwatch().cycles()) { cycle.tokens(9); throw new RangeError("boom"); }`,
  );
  assert.deepEqual(await agent.ended, { status: 1, signal: null });
  assert.match(agent.output.text, /RangeError: boom/u);
  assert.deepEqual(statuses(stub), ["starting", "error", "exited"]);
  const [, error] = stub.kept;
  assert.deepEqual([error?.message, error?.tokens_used, error?.cycle], ["RangeError: boom", 9, 1]);
});

test("process.exit inside a turn closes the turn as exited and loses no token", async (t) => {
  const { stub, agent } = await start(
    t,
    `for await (const cycle of new Midwatch().cycles()) { cycle.tokens(9); process.exit(3); }`,
  );
  assert.deepEqual(await agent.ended, { status: 3, signal: null });
  assert.deepEqual([statuses(stub), stub.tokens], [["starting", "exited"], 9]);
});

test("a loop left by break says exited when the program ends, unless it said stopped", async (t) => {
  for (const [words, last] of [
    ["", "exited"],
    [`await watch.stopped("done");`, "stopped"],
  ] as const) {
    const script = `const watch = new Midwatch(); for await (const cycle of watch.cycles()) { ${words} break; }`;
    const { stub, agent } = await start(t, script);
    assert.deepEqual(await agent.ended, { status: 0, signal: null });
    assert.deepEqual(statuses(stub), ["starting", last]);
  }
});

test("a server that never answers keeps no program from ending", async (t) => {
  const stub = await StubServer.listen();
  stub.behaviour = "hang";
  const agent = startAgent(stub, `for await (const cycle of new Midwatch().cycles()) if (cycle.number === 20) break;`);
  t.after(async () => {
    agent.child.kill("SIGKILL");
    await stub.close();
  });
  assert.deepEqual(await agent.ended, { status: 0, signal: null });
});

const LOOP = `
  for await (const cycle of new Midwatch().cycles()) {
    cycle.tokens(5);
    await sleep(50);
  }
  console.log("cleaned up");`;

async function running({ stub }: Case): Promise<void> {
  await stub.until(({ kept }) => kept.length >= 3);
}

for (const signal of ["SIGTERM", "SIGINT"] as const) {
  test(`${signal} announces the shutdown, ends the loop after its turn, and lets the program clean up`, async (t) => {
    const running_ = await start(t, LOOP);
    const { stub, agent } = running_;
    await running(running_);
    agent.child.kill(signal);
    assert.deepEqual(await agent.ended, { status: 0, signal: null });
    assert.match(agent.output.text, /cleaned up/u);
    assert.deepEqual(statuses(stub).slice(-2), ["shutting_down", "stopped"]);
    const [announced, stopped] = stub.kept.slice(-2);
    assert.deepEqual([announced?.message, stopped?.message], [signal, signal]);
    assert.equal(stub.tokens, 5 * (stopped?.cycle ?? 0));
  });
}

test("the program's own handlers run as well, also one that exits at once", async (t) => {
  const running_ = await start(
    t,
    `process.on("SIGTERM", () => { console.log("my own"); process.exit(0); });
    for await (const cycle of new Midwatch().cycles()) await sleep(50);`,
  );
  const { stub, agent } = running_;
  await running(running_);
  agent.child.kill("SIGTERM");
  assert.deepEqual(await agent.ended, { status: 0, signal: null });
  assert.match(agent.output.text, /my own/u);
  assert.deepEqual(statuses(stub).slice(-2), ["shutting_down", "exited"]);
});

test("a second signal ends a turn that does not end by itself, as it would have without us", async (t) => {
  const stuck = await start(
    t,
    `for await (const cycle of new Midwatch().cycles()) await (cycle.number < 3 || sleep(3_600_000));`,
  );
  const { stub, agent } = stuck;
  await running(stuck);
  agent.child.kill("SIGTERM");
  await stub.until(({ kept }) => kept.at(-1)?.status === "shutting_down");
  agent.child.kill("SIGTERM");
  assert.deepEqual(await agent.ended, { status: null, signal: "SIGTERM" });
  assert.equal(statuses(stub).at(-1), "stopped");
});

test("once the loop is over a signal does what it did before", async (t) => {
  const { stub, agent } = await start(
    t,
    `const watch = new Midwatch();
    for await (const cycle of watch.cycles()) await watch.stopped();
    await watch.beat({ message: "after the loop" });
    await sleep(3_600_000);`,
  );
  await stub.until(({ kept }) => kept.at(-1)?.message === "after the loop");
  agent.child.kill("SIGTERM");
  assert.deepEqual(await agent.ended, { status: null, signal: "SIGTERM" });
});

test("worker threads and child processes share the run and lose nothing", async (t) => {
  const { stub, agent } = await start(
    t,
    `import { Worker } from "node:worker_threads";
    import { fork } from "node:child_process";
    import { once } from "node:events";
    import { writeFileSync, mkdtempSync, rmSync } from "node:fs";
    import { tmpdir } from "node:os";
    import { join } from "node:path";
    const body = \`
      const { Midwatch } = await import(process.env.SDK);
      for await (const cycle of new Midwatch().cycles()) {
        cycle.tokens(100);
        if (cycle.number === 3) break;
      }\`;
    const folder = mkdtempSync(join(tmpdir(), "midwatch-sdk-"));
    const file = join(folder, "part.mjs");
    writeFileSync(file, body);
    const plain = { execArgv: [] };
    const watch = new Midwatch();
    for await (const cycle of watch.cycles()) {
      cycle.tokens(10_000);
      const parts = [new Worker(file, plain), new Worker(file, plain), fork(file, plain)];
      await Promise.all(parts.map((part) => once(part, "exit")));
      await watch.stopped();
    }
    rmSync(folder, { recursive: true });`,
  );
  assert.deepEqual(await agent.ended, { status: 0, signal: null }, agent.output.text);
  assert.equal(stub.tokens, 10_000 + 3 * 300);
  assert.deepEqual([...new Set(stub.kept.map(({ run_id }) => run_id))], ["run-1"]);
  assert.equal(new Set(stub.kept.map(({ instance }) => instance)).size, 4);
});
