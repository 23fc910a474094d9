import assert from "node:assert/strict";
import { test } from "node:test";
import type { SpooledItem } from "@midwatch/protocol";
import { serverStub } from "../testing/server-stub.ts";
import { simulatedClock } from "../testing/simulated-clock.ts";
import {
  agentIn,
  beatsOf,
  folderFor,
  loop,
  pidOf,
  processesOf,
  runsOf,
  supervise,
} from "../testing/supervisor-in-test.ts";
import { until } from "../testing/until.ts";

test("while the server is away agents are kept alive; when it is back everything arrives once, in order", async (t) => {
  const folder = await folderFor(t);
  const server = await serverStub();
  t.after(() => server.close());
  const { log } = await supervise(folder, { server });
  await until("beats arrive", () => beatsIn(server.items).length >= 2);
  await server.close();
  const before = beatsIn(server.items).length;
  process.kill(processesOf(folder)[0]!, "SIGKILL");
  await until("its new run has beaten for a while", () => runsOf(folder).length === 2 && beatsOf(folder) >= 5);
  assert.equal(beatsIn(server.items).length, before);

  // The first batch is stored and its answer is lost: it comes again.
  server.losesAnswers = true;
  await server.reopen();
  await until("it has stored something", () => beatsIn(server.items).length > before);
  server.losesAnswers = false;
  await until(
    "the new run's beats have arrived",
    () => beatsIn(server.items).filter((id) => id.startsWith(runsOf(folder)[1]!)).length >= 5,
  );
  const beats = beatsIn(server.items);
  assert.deepEqual(beats, [...new Set(beats)], "each once");
  for (const run of runsOf(folder)) {
    const numbers: number[] = beats.filter((id) => id.startsWith(run)).map((id) => Number(id.split("#")[1]));
    assert.deepEqual(
      numbers,
      numbers.map((_, index) => index + 1),
      "in order and without a hole",
    );
  }
  const facts = factsIn(server.items);
  assert.deepEqual(facts.slice(0, 4), ["recovery starting", "started", "recovery starting", "recovery healthy"]);
  const died = facts.indexOf("exited SIGKILL");
  assert.deepEqual(facts.slice(died, died + 4), [
    "exited SIGKILL",
    "recovery starting",
    "started",
    "recovery starting",
  ]);
  assert.ok(
    server.items.every(({ is }) => is !== "refused"),
    "the server understands every item",
  );
  assert.ok(log.length > 0);
});

test("every kind of fact is one that the server understands", async (t) => {
  const folder = await folderFor(t);
  const clock = simulatedClock();
  const server = await serverStub();
  t.after(() => server.close());
  const agents = [
    agentIn(folder, { run: loop("--hang-after", "1"), maxRestarts: 1, cooldownMs: 0 }),
    agentIn(folder, { name: "gone", run: "no-such-command" }),
  ];
  await supervise(folder, { clock, server, agents });
  await until("everything has happened", async () => {
    await clock.pass(5_000);
    const facts = factsIn(server.items);
    return ["hung", "exited SIGTERM", "recovery exhausted", "start-refused"].every((fact) => facts.includes(fact));
  });
  assert.deepEqual(
    server.items.filter(({ is }) => is === "refused"),
    [],
  );
});

test("a command of the server is carried out once and its outcome is told", async (t) => {
  const folder = await folderFor(t);
  const server = await serverStub();
  t.after(() => server.close());
  const { log } = await supervise(folder, { server });
  await until("it beats", () => beatsOf(folder) > 0);
  const at = new Date().toISOString();
  server.commands.push(
    { id: "c1", agent: "bot", command: "restart", by: "alice", at },
    { id: "c2", agent: "nobody", command: "stop", by: "alice", at },
  );
  await until("it was restarted", () => runsOf(folder).length === 2 && server.outcomes.size === 2);
  assert.equal(server.outcomes.get("c1")?.ok, true);
  assert.deepEqual(server.outcomes.get("c2"), {
    ok: false,
    message: "no agent is called nobody on this host; there is bot",
  });

  server.outcomes.delete("c1");
  await until("it is told again", () => server.outcomes.has("c1"));
  assert.deepEqual(server.outcomes.get("c1"), { ok: true, message: "carried out before" });
  assert.equal(log.filter((line) => line === "bot: alice: restart").length, 1);
});

test("an agent that the server holds is stopped, and started again when it lets go", async (t) => {
  const folder = await folderFor(t);
  const server = await serverStub();
  t.after(() => server.close());
  const { running } = await supervise(folder, { server });
  await until("it beats", () => beatsOf(folder) > 0);
  const view = {
    name: "bot",
    reason: "possible loop",
    warning: "loop_detected",
    direct_beat_at: null,
    direct_run_id: null,
    direct_status: null,
    direct_lease_ms: null,
    direct_interval_ms: null,
  } as const;
  server.views.push({ ...view, directive: "pause" });
  await until("it is stopped", () => processesOf(folder).length === 0);
  server.views[0] = { ...view, directive: "continue", warning: null };
  await until("it runs again", () => runsOf(folder).length === 2 && beatsOf(folder) > 0);

  // The same while no supervisor is there to hear it.
  server.views[0] = { ...view, directive: "pause" };
  await until("it is stopped again", () => processesOf(folder).length === 0);
  await running.stop({ agents: "leave" });
  server.views[0] = { ...view, directive: "continue", warning: null };
  await supervise(folder, { server });
  await until("it runs once more", () => runsOf(folder).length === 3);
});

test("an agent that beats straight to the server is not taken for hung", async (t) => {
  const folder = await folderFor(t);
  const clock = simulatedClock();
  const server = await serverStub();
  t.after(() => server.close());
  const agents = [agentIn(folder, { run: "exec sleep 1000" })];
  const { notices } = await supervise(folder, { clock, server, agents });
  const run = await runIn(server.items);
  let beatAt = 1_000;
  for (let minutes = 0; minutes < 10; minutes += 1) {
    beatAt += 1_000;
    const heard = server.calls;
    server.views[0] = {
      name: "bot",
      directive: "continue",
      reason: null,
      warning: null,
      direct_beat_at: beatAt,
      direct_run_id: run,
      direct_status: "ok",
      direct_lease_ms: null,
      direct_interval_ms: null,
    };
    await until("the supervisor has asked again", async () => {
      await clock.pass(100);
      return server.calls >= heard + 2;
    });
    await clock.pass(60_000);
  }
  assert.deepEqual(notices, []);
  assert.equal(processesOf(folder).length, 1);
});

test("a lease and an announced end that pass the supervisor by are respected all the same", async (t) => {
  const folder = await folderFor(t);
  const clock = simulatedClock();
  const server = await serverStub();
  t.after(() => server.close());
  const agents = [agentIn(folder, { run: "sleep 4", intervalMs: 5_000 })];
  const { running, notices } = await supervise(folder, { clock, server, agents });
  const run = await runIn(server.items);
  const said = { name: "bot", directive: "continue", reason: null, warning: null, direct_run_id: run } as const;
  server.views[0] = {
    ...said,
    direct_beat_at: 1_000,
    direct_status: "ok",
    direct_lease_ms: 60_000,
    direct_interval_ms: null,
  };
  const isHeard = async (what: string): Promise<void> => {
    const heard = server.calls;
    await until(what, async () => {
      await clock.pass(100);
      return server.calls >= heard + 2;
    });
  };
  await isHeard("the lease is heard");
  await clock.pass(30_000);
  assert.deepEqual(notices, [], "it waits, as it said it would");
  const shuttingDown = { direct_status: "shutting_down", direct_lease_ms: null, direct_interval_ms: null } as const;
  server.views[0] = { ...said, direct_beat_at: 2_000, ...shuttingDown };
  await isHeard("the end is heard");
  assert.equal((await running.ended)[0]?.how, "exited", "and status 0 is then no crash");
  assert.deepEqual(notices, []);
});

test("a person is told by the server, and by the supervisor only of what the server has not taken over", async (t) => {
  const folder = await folderFor(t);
  const clock = simulatedClock();
  const server = await serverStub();
  t.after(() => server.close());
  const agents = ["one", "two"].map((name) => agentIn(folder, { name }));
  const { notices } = await supervise(folder, { server, clock, agents });
  const kill = async (name: string): Promise<void> => {
    await until(`${name} beats`, () => beatsOf(folder, name) > 0);
    process.kill(pidOf(folder, name), "SIGKILL");
    await until(`${name} runs again`, () => runsOf(folder, name).length === 2);
  };
  await kill("one");
  await until("the server knows", () => factsIn(server.items).includes("exited SIGKILL"));
  await clock.pass(60_000);
  assert.equal(notices.length, 0);

  await server.close();
  await kill("two");
  await until("a person is told", async () => {
    await clock.pass(1_000);
    return notices.length > 0;
  });
  assert.deepEqual(
    notices.map(({ agent, kind }) => `${agent} ${kind}`),
    ["two crashed"],
  );
  await server.reopen();
});

test("a key that the server refuses is said once, in words", async (t) => {
  const folder = await folderFor(t);
  const server = await serverStub();
  t.after(() => server.close());
  const { log } = await supervise(folder, { server: { url: server.url, key: "mw_wrong" } });
  await until("it is said", () =>
    log.some((line) => line.includes("answered 401: this key is not known. Check the server's address")),
  );
  await until("the agent beats all the same", () => beatsOf(folder) > 2);
  assert.equal(log.filter((line) => line.includes("401")).length, 1);
});

function beatsIn(items: readonly SpooledItem[]): readonly string[] {
  return items.flatMap((item) =>
    item.is === "beat" && item.parsed.ok ? [[item.parsed.beat.runId, item.parsed.beat.seq].join("#")] : [],
  );
}

function factsIn(items: readonly SpooledItem[]): readonly string[] {
  return items.flatMap((item) => {
    if (item.is !== "fact") return [];
    const { fact } = item;
    if (fact.type === "recovery") return [`recovery ${fact.recovery.phase}`];
    return [fact.type === "exited" ? `exited ${fact.exit.signal ?? "itself"}` : fact.type];
  });
}

async function runIn(items: readonly SpooledItem[]): Promise<string> {
  let run = "";
  await until("its start arrives", () => {
    for (const item of items) if (item.is === "fact" && item.fact.type === "started") run = item.fact.run_id;
    return run !== "";
  });
  return run;
}
