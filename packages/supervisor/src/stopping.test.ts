import assert from "node:assert/strict";
import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { test } from "node:test";
import { agentIn, beatsOf, folderFor, loop, outputOf, processesOf, supervise } from "./testing/supervisor-in-test.ts";
import { until } from "./testing/until.ts";

test("an agent that asks for more time while it stops gets it, up to the limit", async (t) => {
  const folder = await folderFor(t);
  const patient = agentIn(folder, { name: "patient", run: loop("--slow-end", "1500"), stopGraceMs: 200 });
  const greedy = agentIn(folder, {
    name: "greedy",
    run: loop("--slow-end", "600000"),
    stopGraceMs: 200,
    stopLimitMs: 700,
  });
  const { running, log } = await supervise(folder, { agents: [patient, greedy] });
  await until("both beat", () => beatsOf(folder, "patient") > 0 && beatsOf(folder, "greedy") > 0);
  await running.stop({ agents: "stop" });
  assert.match(outputOf(folder, "patient"), /ended in peace/);
  assert.doesNotMatch(outputOf(folder, "greedy"), /ended in peace/);
  assert.equal(log.filter((line) => line.includes("stopped together")).length, 2);
});

test("an agent without ears for TERM hears of its stop in the answer to its beat, before TERM comes", async (t) => {
  const folder = await folderFor(t);
  const agents = [agentIn(folder, { run: loop("--obey"), stopAnnounceMs: 10_000 })];
  const { running } = await supervise(folder, { agents });
  await until("it beats", () => beatsOf(folder) > 0);
  await running.command("bot", "stop", "ops");
  const [end] = await running.ended;
  assert.deepEqual([end?.how, end?.code, end?.signal], ["stopped", 0, null]);
  assert.match(outputOf(folder), /told to stop: stopped by ops/);
});

test("a program that forks itself into the background is told apart from one that is done", async (t) => {
  const folder = await folderFor(t);
  const agents = [agentIn(folder, { run: "setsid sleep 600 & exit 0", liveness: "process", maxRestarts: 0 })];
  const { running, notices } = await supervise(folder, { agents });
  await running.ended;
  await until("nothing is left", () => processesOf(folder).length === 0);
  const exited = notices.find(({ kind }) => kind === "exited");
  assert.match(exited?.text ?? "", /left 1 process running, which is stopped: run it in the foreground/);
});

test("a flood of output is kept in bounds, and its last lines are kept", async (t) => {
  const folder = await folderFor(t);
  const script = join(folder, "flood.mjs");
  // 64 KiB each millisecond or so, as fast as the disk takes it, for two seconds.
  await writeFile(
    script,
    `import { writeSync } from "node:fs";
const line = "x".repeat(65535) + "\\n";
const end = Date.now() + 2000;
while (Date.now() < end) writeSync(1, line);
console.log("the last line");
`,
  );
  const run = [process.execPath, script];
  const agents = [agentIn(folder, { run, liveness: "process", restart: "never" })];
  const { running } = await supervise(folder, { agents });
  await running.ended;
  const kept = outputOf(folder);
  assert.ok(kept.length <= 10 * 2 ** 20, `${kept.length} bytes are kept`);
});
