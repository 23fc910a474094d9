import assert from "node:assert/strict";
import { existsSync, readFileSync } from "node:fs";
import { mkdir, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { test } from "node:test";
import type { SupervisorError } from "./failure.ts";
import { simulatedClock } from "./testing/simulated-clock.ts";
import {
  agentIn,
  beatsOf,
  folderFor,
  loop,
  outputOf,
  processesOf,
  runsOf,
  supervise,
} from "./testing/supervisor-in-test.ts";
import { until } from "./testing/until.ts";

const minute = 60_000;

test("a killed agent is started again at once and told why; killed again, it waits for the cooldown", async (t) => {
  const folder = await folderFor(t);
  const clock = simulatedClock();
  await supervise(folder, { clock });
  await until("it beats", () => beatsOf(folder) > 0);
  process.kill(processesOf(folder)[0]!, "SIGKILL");
  await until("its new run beats", () => runsOf(folder).length === 2 && beatsOf(folder) > 0);
  assert.match(outputOf(folder), /restart reason: killed by SIGKILL/);
  const tombstone = /tombstone: (\/\S+)/.exec(outputOf(folder))?.[1] ?? "";
  const death = JSON.parse(readFileSync(tombstone, "utf8")) as Record<string, unknown>;
  assert.equal(death["signal"], "SIGKILL");
  assert.equal(death["run_id"], runsOf(folder)[0]);

  process.kill(processesOf(folder)[0]!, "SIGKILL");
  await until("it waits", () => journalOf(folder).includes('"phase":"cooldown"'));
  await clock.pass(5 * minute - 1_000);
  assert.deepEqual(processesOf(folder), [], "the cooldown runs from start to start");
  await clock.pass(2_000);
  await until("it runs a third time", () => runsOf(folder).length === 3);
});

test("after three failed restarts a human is asked once, and nothing is started any more", async (t) => {
  const folder = await folderFor(t);
  const clock = simulatedClock();
  const agents = [agentIn(folder, { run: loop("--crash-after", "1") })];
  const { running, notices } = await supervise(folder, { clock, agents });
  for (const attempt of [1, 2]) {
    await until(`restart ${attempt} has failed`, () =>
      journalOf(folder).includes(`"phase":"cooldown","attempt":${attempt}`),
    );
    await clock.pass(5 * minute);
  }
  const [end] = await running.ended;
  assert.deepEqual([end?.how, end?.code], ["exhausted", 3]);
  await clock.pass(60 * minute);
  assert.equal(runsOf(folder).length, 4, "the first run and three restarts");
  assert.equal(notices.filter(({ kind, what }) => kind === "needs-human" && what === "opened").length, 1);

  assert.deepEqual(await running.command("bot", "restart", "ops"), { ok: true, message: "bot was started" });
  await until("a person's restart clears it", () => runsOf(folder).length >= 5);
});

test("an agent whose loop spins is noticed by its missed beats, and restarted with the evidence kept", async (t) => {
  const folder = await folderFor(t);
  const clock = simulatedClock();
  const run = loop("--hang-after", "3", "--only-once", join(folder, "hung"));
  const { notices, log } = await supervise(folder, { clock, agents: [agentIn(folder, { run })] });
  await until("it hangs", () => existsSync(join(folder, "hung")));
  await until("its last beat is folded", () => beatsOf(folder) === 3);
  await clock.pass(2 * minute + 5_000);
  assert.deepEqual(notices, [], "one interval and the grace after the last beat only one is missed");
  await until("it beats again", async () => {
    // Decisions take real time to be written, so the clock goes on a little while they are.
    await clock.pass(250);
    return runsOf(folder).length === 2 && beatsOf(folder) > 0;
  });
  await clock.pass(1_000);
  assert.deepEqual(kindsOf(notices), ["opened hung"]);
  assert.match(log.join("\n"), /hung: alive, but silent/);
  assert.match(outputOf(folder), /restart reason: it hung and was stopped/);
  assert.equal(processesOf(folder).length, 1, "the hung process is gone");
});

test("what an agent has started is stopped with it, also what left its session", async (t) => {
  const folder = await folderFor(t);
  const { running } = await supervise(folder, { agents: [agentIn(folder, { run: loop("--children") })] });
  await until("all three live", () => processesOf(folder).length === 3);
  assert.deepEqual(await running.command("bot", "stop", "ops"), { ok: true, message: "bot is being stopped" });
  await until("none is left", () => processesOf(folder).length === 0);
  assert.equal((await running.ended)[0]?.how, "stopped");
});

test("children that outlive a crash are gone before the agent is started again", async (t) => {
  const folder = await folderFor(t);
  await supervise(folder, { agents: [agentIn(folder, { run: loop("--children") })] });
  await until("all three live", () => processesOf(folder).length === 3 && beatsOf(folder) > 0);
  const before = processesOf(folder);
  process.kill(before[0]!, "SIGKILL");
  await until("three others live", () => {
    const now = processesOf(folder);
    return now.length === 3 && now.every((pid) => !before.includes(pid));
  });
});

test("a process that ignores TERM is killed after its grace", async (t) => {
  const folder = await folderFor(t);
  const agents = [agentIn(folder, { run: loop("--ignore-term"), stopGraceMs: 300 })];
  const { running, log } = await supervise(folder, { agents });
  await until("it beats", () => beatsOf(folder) > 0);
  await running.command("bot", "stop", "ops");
  const [end] = await running.ended;
  assert.deepEqual([end?.how, end?.signal], ["stopped", "SIGKILL"]);
  await until("its output is heard", () => outputOf(folder).includes("no, I stay"));
  assert.ok(log.includes("bot: ops: stop"));
});

test("an announced end with status 0 is not restarted", async (t) => {
  const folder = await folderFor(t);
  const clock = simulatedClock();
  const { running, notices } = await supervise(folder, {
    clock,
    agents: [agentIn(folder, { run: loop("--finish-after", "2") })],
  });
  const [end] = await running.ended;
  assert.deepEqual([end?.how, end?.code], ["exited", 0]);
  await clock.pass(30 * minute);
  assert.equal(runsOf(folder).length, 1);
  assert.deepEqual(notices, []);
});

test("a command that does not exist is refused with a sentence, and not tried again", async (t) => {
  const folder = await folderFor(t);
  const clock = simulatedClock();
  const agents = [agentIn(folder, { run: "no-such-command loop" })];
  const { running, notices } = await supervise(folder, { clock, agents, asked: true });
  const [end] = await running.ended;
  assert.equal(end?.how, "refused");
  assert.match(end.reason ?? "", /"no-such-command" was not found in PATH; install it, or correct `run`/);
  await clock.pass(30 * minute);
  assert.deepEqual(kindsOf(notices), ["opened needs-human"]);
  const again = await running.command("bot", "start", "ops");
  assert.equal(again.ok, false);
  assert.match(again.message, /was not found in PATH/);
});

test("a time in which nobody watched is not charged to the agent", async (t) => {
  const folder = await folderFor(t);
  const clock = simulatedClock();
  const agents = [agentIn(folder, { run: loop("--every", "3600000") })];
  const { notices, log } = await supervise(folder, { clock, agents });
  await until("it has beaten", () => beatsOf(folder) === 1);
  await clock.leap(8 * 60 * minute);
  assert.match(log.at(-1) ?? "", /nobody watched for 8 h/);
  await clock.pass(minute);
  assert.deepEqual(notices, []);
  await clock.pass(2 * minute);
  await until("its own silence is", async () => {
    await clock.pass(1_000);
    return kindsOf(notices).includes("opened hung");
  });
});

test("pause stops an agent until it is resumed, and neither counts as a restart", async (t) => {
  const folder = await folderFor(t);
  const clock = simulatedClock();
  const { running } = await supervise(folder, { clock });
  await until("it beats", () => beatsOf(folder) > 0);
  await running.command("bot", "pause", "ops");
  await until("it is gone", () => processesOf(folder).length === 0);
  await clock.pass(60 * minute);
  assert.equal(runsOf(folder).length, 1);
  assert.deepEqual(await running.command("bot", "resume", "ops"), { ok: true, message: "bot was started" });
  await until("it runs again", () => runsOf(folder).length === 2);
  assert.match(journalOf(folder), /"attempt":0/);
});

test("a second supervisor in the same folder is refused, and the first goes on", async (t) => {
  const folder = await folderFor(t);
  await supervise(folder);
  await assert.rejects(supervise(folder), (error: SupervisorError) => {
    assert.equal(error.code, "data_folder_in_use");
    assert.match(error.message, /another supervisor \(process \d+\) already works in/);
    return true;
  });
  await until("the agent of the first beats", () => beatsOf(folder) > 0);
});

test("a data folder that cannot be written is a clear error", async (t) => {
  const folder = await folderFor(t);
  await writeFile(join(folder, "supervisor"), "a file stands where the folder should be");
  await assert.rejects(supervise(folder), (error: SupervisorError) => error.code === "data_folder_unwritable");
});

test("an agent is kept alive also while nothing can be written down, and that is said once", async (t) => {
  const folder = await folderFor(t);
  const { log } = await supervise(folder);
  await until("it beats", () => beatsOf(folder) > 0);
  const journal = join(folder, "supervisor", "journal");
  await rm(journal, { recursive: true });
  await writeFile(journal, "a file stands in the way");
  process.kill(processesOf(folder)[0]!, "SIGKILL");
  await until("its new run beats", () => runsOf(folder).length === 2 && beatsOf(folder) > 0);
  assert.equal(log.filter((line) => line.includes("restart counters do not survive the supervisor")).length, 1);

  await rm(journal);
  await mkdir(journal);
  process.kill(processesOf(folder)[0]!, "SIGKILL");
  await until("the next decision is written", () => journalOf(folder).includes('"phase":"cooldown"'));
});

test("an orderly stop ends the agents, and the next start begins them again with their counters", async (t) => {
  const folder = await folderFor(t);
  const clock = simulatedClock();
  const first = await supervise(folder, { clock });
  await until("it beats", () => beatsOf(folder) > 0);
  process.kill(processesOf(folder)[0]!, "SIGKILL");
  await until("its new run beats", () => runsOf(folder).length === 2 && beatsOf(folder) > 0);
  await first.running.stop({ agents: "stop" });
  assert.deepEqual(processesOf(folder), []);

  const second = await supervise(folder, { clock });
  await until("it beats again", () => runsOf(folder).length === 3 && beatsOf(folder) > 0);
  assert.match(journalOf(folder), /"attempt":1/, "one restart has been used and is not forgotten");
  assert.deepEqual(kindsOf(second.notices), []);
});

test("a damaged journal is put aside and said; the agent that still runs is taken over", async (t) => {
  const folder = await folderFor(t);
  const first = await supervise(folder);
  await until("it beats", () => beatsOf(folder) > 0);
  const before = processesOf(folder);
  await first.running.stop({ agents: "leave" });
  assert.deepEqual(processesOf(folder), before);
  await writeFile(join(folder, "supervisor", "journal", "bot.json"), "torn");

  const { log } = await supervise(folder);
  assert.match(log.join("\n"), /damaged journal was put aside as .*bot\.json\.damaged-/);
  await until("its beats are heard", () => journalOf(folder).includes('"phase":"healthy"'));
  assert.deepEqual(processesOf(folder), before);
  assert.equal(runsOf(folder).length, 1);
});

test("an agent that is not configured any more is stopped", async (t) => {
  const folder = await folderFor(t);
  const first = await supervise(folder);
  await until("it beats", () => beatsOf(folder) > 0);
  await first.running.stop({ agents: "leave" });
  const { log } = await supervise(folder, { agents: [] });
  assert.deepEqual(processesOf(folder), []);
  assert.match(log.join("\n"), /bot: is not configured any more/);
});

test("what agents print is heard as it comes", async (t) => {
  const folder = await folderFor(t);
  let heard = "";
  await supervise(folder, { onOutput: (agent, chunk) => (heard += `${agent}> ${chunk.toString()}`) });
  await until("its first line is heard", () => /^bot> run \S+ begins/.test(heard));
});

test("a line for the shell is run by a shell, in the agent's folder and environment", async (t) => {
  const folder = await folderFor(t);
  await mkdir(join(folder, "sub"));
  const run = 'echo "$MODE in $(pwd)" > seen.txt && exec sleep 1000';
  const agents = [agentIn(folder, { run, cwd: join(folder, "sub"), env: { MODE: "live" }, liveness: "process" })];
  await supervise(folder, { agents });
  const seen = join(folder, "sub", "seen.txt");
  await until("it has run", () => existsSync(seen) && readFileSync(seen, "utf8").endsWith("\n"));
  assert.match(readFileSync(seen, "utf8"), /^live in .*sub\n$/);
});

function kindsOf(notices: readonly { readonly what: string; readonly kind: string }[]): readonly string[] {
  return notices.map(({ what, kind }) => `${what} ${kind}`);
}

function journalOf(folder: string): string {
  const path = join(folder, "supervisor", "journal", "bot.json");
  return existsSync(path) ? readFileSync(path, "utf8") : "";
}
