// What happens around the moment in which an agent is let go: by the end of its supervisor, by a new configuration, by a person
// while it waits.

import assert from "node:assert/strict";
import { test } from "node:test";
import { agentIn, beatsOf, folderFor, loop, processesOf, runsOf, supervise } from "./testing/supervisor-in-test.ts";
import { until } from "./testing/until.ts";

test("a supervisor that is hurried is done only when no agent lives any more", async (t) => {
  const folder = await folderFor(t);
  const stubborn = { run: loop("--ignore-term"), stopGraceMs: 60_000 };
  const agents = [
    agentIn(folder, { ...stubborn, name: "db" }),
    agentIn(folder, { ...stubborn, name: "web", after: ["db"] }),
  ];
  const { running } = await supervise(folder, { agents });
  await until("both beat", () => beatsOf(folder, "db") > 0 && beatsOf(folder, "web") > 0);
  const stopped = running.stop({ agents: "stop" });
  void running.stop({ agents: "stop" });
  void running.stop({ agents: "stop" });
  await stopped;
  assert.deepEqual(processesOf(folder), []);
});

test("an agent that ends slowly together with its supervisor is not called hung", async (t) => {
  const folder = await folderFor(t);
  const slow = `trap 'sleep 3; exit 0' TERM; while :; do sleep 0.1; done`;
  const agents = [
    agentIn(folder, { run: ["/bin/sh", "-c", slow], startupMs: 1_000, intervalMs: 200, stopGraceMs: 20_000 }),
  ];
  const { running, notices, log } = await supervise(folder, { agents });
  await until("it runs", () => processesOf(folder).length > 0);
  await running.stop({ agents: "stop" });
  assert.deepEqual(notices, [], log.join("\n"));
});

test("an agent that waits for others can be stopped, and started again", async (t) => {
  const folder = await folderFor(t);
  const agents = [agentIn(folder, { name: "db", run: "sleep 600" }), agentIn(folder, { name: "web", after: ["db"] })];
  const { running, log } = await supervise(folder, { agents });
  assert.ok(log.includes("web: waits for db to be up"), log.join("\n"));
  assert.equal((await running.command("web", "stop", "ops")).message, "web is stopped");
  assert.equal((await running.command("web", "start", "ops")).message, "web was started");
  await until("it beats", () => beatsOf(folder, "web") > 0);
});

test("what comes after an agent that hangs at its start, and is left so, starts all the same", async (t) => {
  const folder = await folderFor(t);
  const agents = [
    agentIn(folder, { name: "db", run: "sleep 600", restart: "never", startupMs: 500, intervalMs: 100 }),
    agentIn(folder, { name: "web", after: ["db"] }),
  ];
  await supervise(folder, { agents });
  await until("it beats", () => beatsOf(folder, "web") > 0);
});

test("a start that waits for others waits for them also in the next life of the supervisor", async (t) => {
  const folder = await folderFor(t);
  const agents = [agentIn(folder, { name: "web", after: ["db"] }), agentIn(folder, { name: "db", run: "sleep 600" })];
  const first = await supervise(folder, { agents });
  await first.running.stop({ agents: "stop" });
  const { log } = await supervise(folder, { agents });
  await until("it waits again", () => log.includes("web: waits for db to be up"));
  assert.deepEqual(runsOf(folder, "web"), []);
});

test("new agents of a new configuration start in their order, too", async (t) => {
  const folder = await folderFor(t);
  const { running, log } = await supervise(folder, { agents: [] });
  await running.reload([
    agentIn(folder, { name: "web", after: ["db"] }),
    agentIn(folder, { name: "db", run: "sleep 600" }),
  ]);
  assert.ok(log.includes("web: waits for db to be up"), log.join("\n"));
  assert.deepEqual(runsOf(folder, "web"), []);
});

for (const how of ["by a new configuration", "before the next life of its supervisor"]) {
  test(`a process is ended when its agent becomes a container ${how}`, async (t) => {
    const folder = await folderFor(t);
    const process_ = agentIn(folder);
    const container = { ...process_, target: { platform: "docker", container: "midwatch-no-such-container" } } as const;
    const first = await supervise(folder, { agents: [process_] });
    await until("it beats", () => beatsOf(folder) > 0);
    if (how === "by a new configuration") await first.running.reload([container]);
    else {
      await first.running.stop({ agents: "leave" });
      await supervise(folder, { agents: [container] });
    }
    assert.deepEqual(processesOf(folder), [], first.log.join("\n"));
  });
}

test("a new configuration starts nothing that a person has stopped", async (t) => {
  const folder = await folderFor(t);
  const bot = agentIn(folder);
  const { running, log } = await supervise(folder, { agents: [bot] });
  await until("it beats", () => beatsOf(folder) > 0);
  await running.command("bot", "stop", "ops");
  await running.ended;
  await running.reload([{ ...bot, env: { MODE: "new" } }]);
  assert.deepEqual(processesOf(folder), [], log.join("\n"));
  assert.equal((await running.command("bot", "start", "ops")).message, "bot was started");
});
