import assert from "node:assert/strict";
import { test } from "node:test";
import { SupervisorError } from "./failure.ts";
import { agentIn, beatsOf, folderFor, loop, pidOf, runsOf, supervise } from "./testing/supervisor-in-test.ts";
import { until } from "./testing/until.ts";

test("agents start after those they come after, and stop before them", async (t) => {
  const folder = await folderFor(t);
  const agents = [
    agentIn(folder, { name: "web", after: ["db"] }),
    agentIn(folder, { name: "db", run: loop("--every", "300") }),
  ];
  const { running, log } = await supervise(folder, { agents });
  await until("both beat", () => beatsOf(folder, "web") > 0 && beatsOf(folder, "db") > 0);
  const startOf = (name: string): number => log.findIndex((line) => line.startsWith(`${name}: started`));
  assert.ok(log.includes("web: waits for db to be up"), log.join("\n"));
  assert.ok(startOf("db") < startOf("web"));
  await running.stop({ agents: "stop" });
  const ends = log.filter((line) => line.includes("stopped together")).map((line) => line.split(":")[0]);
  assert.deepEqual(ends, ["web", "db"]);
});

test("nothing stays down because of another's trouble: once that has come to its end, the rest starts", async (t) => {
  const folder = await folderFor(t);
  const agents = [
    agentIn(folder, { name: "web", after: ["db"] }),
    agentIn(folder, { name: "db", run: "no-such-command" }),
  ];
  await supervise(folder, { agents });
  await until("it beats", () => beatsOf(folder, "web") > 0);
});

test("a restart asked for with its dependents restarts what comes after it, once it is up again, and nothing else", async (t) => {
  const folder = await folderFor(t);
  const agents = [
    agentIn(folder, { name: "db" }),
    agentIn(folder, { name: "web", after: ["db"] }),
    agentIn(folder, { name: "alone" }),
  ];
  const { running, log } = await supervise(folder, { agents });
  await until("all beat", () => agents.every(({ name }) => beatsOf(folder, name) > 0));
  const { message } = await running.command("db", "restart", "ops", { dependents: true });
  assert.equal(message, "db is being stopped and will be started again, and web after it");
  await until("both run anew", () => runsOf(folder, "db").length === 2 && runsOf(folder, "web").length === 2);
  const startsOf = (name: string): number => log.findLastIndex((line) => line.startsWith(`${name}: started`));
  assert.ok(startsOf("db") < startsOf("web"), log.join("\n"));
  assert.equal(runsOf(folder, "alone").length, 1);
});

test("a new configuration touches only what it changes", async (t) => {
  const folder = await folderFor(t);
  const same = agentIn(folder, { name: "same" });
  const limits = agentIn(folder, { name: "limits" });
  const changed = agentIn(folder, { name: "changed" });
  const gone = agentIn(folder, { name: "gone" });
  const { running } = await supervise(folder, { agents: [same, limits, changed, gone] });
  await until("all beat", () => ["same", "limits", "changed", "gone"].every((name) => beatsOf(folder, name) > 0));
  const pids = ["same", "limits"].map((name) => pidOf(folder, name));

  const added = agentIn(folder, { name: "added" });
  const moved = { ...changed, env: { MODE: "new" } };
  await running.reload([same, { ...limits, cooldownMs: 1_000 }, moved, added]);
  await until("the changed one runs anew", () => runsOf(folder, "changed").length === 2);
  await until("the new one beats", () => beatsOf(folder, "added") > 0);
  assert.deepEqual(
    ["same", "limits"].map((name) => pidOf(folder, name)),
    pids,
  );
  assert.throws(() => pidOf(folder, "gone"), /does not run/);
  const heard = beatsOf(folder, "limits");
  await until("what was taken over is heard on", () => beatsOf(folder, "limits") > heard);

  // What was taken over by the new settings is still restarted when it dies.
  process.kill(pidOf(folder, "limits"), "SIGKILL");
  await until("it is restarted", () => runsOf(folder, "limits").length === 2);
});

test("a configuration that could not start is refused as a whole", async (t) => {
  const folder = await folderFor(t);
  const bot = agentIn(folder);
  const { running } = await supervise(folder, { agents: [bot] });
  const refused = [
    [[bot, bot], /two agents are called bot/],
    [[{ ...bot, after: ["nobody"] }], /bot comes after nobody, and no agent is called so/],
    [
      [
        { ...bot, after: ["b"] },
        { ...bot, name: "b", after: ["bot"] },
      ],
      /bot waits for b waits for bot/,
    ],
  ] as const;
  for (const [agents, message] of refused) {
    await assert.rejects(running.reload(agents), (error) => {
      assert.ok(error instanceof SupervisorError && error.code === "invalid_agents");
      assert.match(error.message, message);
      return true;
    });
  }
  await until("it runs on", () => beatsOf(folder) > 0);
  assert.equal(runsOf(folder).length, 1);
});

test("an adopted agent that ends is told by its status, also when it ended while nobody lived", async (t) => {
  const folder = await folderFor(t);
  const run = `${process.execPath} -e "setTimeout(() => process.exit(7), 1500)"`;
  const agents = [agentIn(folder, { run, liveness: "process", restart: "never" })];
  const first = await supervise(folder, { agents });
  await first.running.stop({ agents: "leave" });
  const second = await supervise(folder, { agents });
  const [end] = await second.running.ended;
  assert.deepEqual([end?.how, end?.code], ["exited", 7]);
  assert.ok(second.log.includes("bot: crashed with exit status 7"), second.log.join("\n"));

  await second.running.command("bot", "start", "ops");
  await second.running.stop({ agents: "leave" });
  await until("it has ended unseen", () => outputEnds(folder));
  const third = await supervise(folder, { agents });
  await until("its status is read", () => third.log.includes("bot: crashed with exit status 7"));
});

function outputEnds(folder: string): boolean {
  try {
    pidOf(folder, "bot");
    return false;
  } catch {
    // It does not run, which is what is waited for.
    return true;
  }
}
