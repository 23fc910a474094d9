import assert from "node:assert/strict";
import { spawn, type ChildProcess } from "node:child_process";
import { once } from "node:events";
import { readdirSync } from "node:fs";
import { readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { test } from "node:test";
import { isDeepStrictEqual } from "node:util";
import { fileURLToPath } from "node:url";
import { decodeEntry, encodeEntry, type JournalEntry } from "./journal/entry.ts";
import { agentIn, beatsOf, folderFor, loop, processesOf, runsOf, supervise } from "./testing/supervisor-in-test.ts";
import { simulatedClock } from "./testing/simulated-clock.ts";
import { until } from "./testing/until.ts";

const script = fileURLToPath(new URL("testing/supervisor-process.ts", import.meta.url));

test("a killed supervisor leaves its agents running, and its next life takes them over without a restart", async (t) => {
  const folder = await folderFor(t);
  const first = await supervisorProcess(folder);
  await until("the agent beats", () => beatsOf(folder) > 0);
  const agents = processesOf(folder);
  await kill(first);
  assert.deepEqual(processesOf(folder), agents);

  const beats = beatsOf(folder);
  const { running, notices, log } = await supervise(folder);
  assert.ok(log.some((line) => /^bot: taken over as process \d+$/.test(line)));
  await until("its beats are answered again, at the old address", () => beatsOf(folder) > beats);
  assert.deepEqual(processesOf(folder), agents);
  assert.equal(runsOf(folder).length, 1);
  assert.deepEqual(notices, []);

  process.kill(agents[0]!, "SIGKILL");
  await until("the end of an adopted agent is noticed", () => runsOf(folder).length === 2);
  await running.stop({ agents: "stop" });
});

test("an agent that died while no supervisor lived is restarted, and counted", async (t) => {
  const folder = await folderFor(t);
  const first = await supervisorProcess(folder);
  await until("the agent beats", () => beatsOf(folder) > 0);
  const [agent] = processesOf(folder);
  await kill(first);
  process.kill(agent!, "SIGKILL");
  await until("it is gone", () => processesOf(folder).length === 0);

  await supervise(folder);
  await until("it runs again", () => runsOf(folder).length === 2);
  assert.equal((await journalOf(folder)).state.recovery?.attempt, 1);
});

test("the status of an ended run is kept until it is in the journal, and forgotten then", async (t) => {
  const folder = await folderFor(t);
  const exits = join(folder, "supervisor", "exits");
  const agents = [agentIn(folder, { run: ["/bin/sh", "-c", "exit 7"], liveness: "process", restart: "never" })];
  const kept: number[] = [];
  const lines: string[] = [];
  const log = (line: string): void => {
    lines.push(line);
    if (line === "bot: crashed with exit status 7") kept.push(readdirSync(exits).length);
  };
  const first = await supervise(folder, { agents, log });
  await first.running.ended;
  assert.deepEqual(kept, [1], lines.join("; "));
  await until("it is forgotten", () => readdirSync(exits).length === 0);

  await first.running.stop({ agents: "stop" });
  await writeFile(join(exits, "a-run-that-nobody-knows"), "0");
  await supervise(folder, { agents });
  assert.deepEqual(readdirSync(exits), []);
});

test("an agent that ended with its machine is started again, and that is no restart attempt", async (t) => {
  const folder = await folderFor(t);
  const first = await supervisorProcess(folder);
  await until("the agent beats", () => beatsOf(folder) > 0);
  const [agent] = processesOf(folder);
  await kill(first);
  process.kill(agent!, "SIGKILL");
  await until("it is gone", () => processesOf(folder).length === 0);
  const entry = await journalOf(folder);
  const run = { ...entry.run!, identity: { ...entry.run!.identity, bootId: "the boot before" } };
  await writeFile(journalPath(folder), encodeEntry({ ...entry, run }));

  const { notices } = await supervise(folder);
  await until("it runs again", () => runsOf(folder).length === 2);
  assert.equal((await journalOf(folder)).state.recovery?.attempt, 0);
  assert.deepEqual(notices, []);
});

test("a start that was decided and not done before a crash is done once by the next life", async (t) => {
  const folder = await folderFor(t);
  const first = await supervise(folder);
  await until("it beats", () => beatsOf(folder) > 0);
  await first.running.stop({ agents: "stop" });
  const entry = await journalOf(folder);
  const start = { runId: "decided-before", attempt: 1, reason: "killed by SIGKILL" };
  await writeFile(journalPath(folder), encodeEntry({ ...entry, resume: false, start }));

  await supervise(folder);
  await until("it runs", () => runsOf(folder).length === 2);
  assert.equal(runsOf(folder)[1], "decided-before");
});

test("a start that was done an instant before the crash is recognised, and no second copy is started", async (t) => {
  const folder = await folderFor(t);
  const first = await supervisorProcess(folder);
  await until("the agent beats", () => beatsOf(folder) > 0);
  await kill(first);
  const agents = processesOf(folder);
  const entry = await journalOf(folder);
  const start = { runId: entry.run!.runId, attempt: 0, reason: null };
  await writeFile(journalPath(folder), encodeEntry({ ...entry, run: null, start }));

  await supervise(folder);
  await until("its beats are heard", async () => (await journalOf(folder)).state.recovery?.phase === "healthy");
  // What only looks like a copy, a fork that has not become its program yet, is gone at once; a copy would stay.
  await until("only the first copy runs", () => isDeepStrictEqual(processesOf(folder), agents));
});

test("an agent whose shell was killed and whose run nobody knows is ended before another copy is started", async (t) => {
  const folder = await folderFor(t);
  const first = await supervisorProcess(folder);
  await until("the agent beats", () => beatsOf(folder) > 0);
  await kill(first);
  const entry = await journalOf(folder);
  const agents = processesOf(folder);
  process.kill(entry.run!.identity.pid, "SIGKILL");
  await writeFile(journalPath(folder), encodeEntry({ ...entry, run: null, resume: true }));

  const { log } = await supervise(folder);
  await until("a new run beats", () => runsOf(folder).length === 2 && beatsOf(folder) > 0);
  const both = processesOf(folder).filter((pid) => agents.includes(pid));
  assert.deepEqual(both, [], log.join("\n"));
});

test("what was given up stays given up over a restart of the supervisor, until a person asks", async (t) => {
  const folder = await folderFor(t);
  const clock = simulatedClock();
  const agents = [agentIn(folder, { run: loop("--crash-after", "1"), maxRestarts: 1, cooldownMs: 0 })];
  const first = await supervise(folder, { clock, agents });
  assert.equal((await first.running.ended)[0]?.how, "exhausted");
  await first.running.stop({ agents: "stop" });
  const second = await supervise(folder, { clock, agents });
  assert.equal((await second.running.ended)[0]?.how, "exhausted");
  assert.equal(runsOf(folder).length, 2);
  assert.match(second.log.join("\n"), /bot: is not started: 1 restarts in a row have failed/);
  await second.running.stop({ agents: "stop" });

  await supervise(folder, { clock, agents, asked: true });
  await until("it was started for a person", () => runsOf(folder).length > 2);
});

async function supervisorProcess(folder: string): Promise<ChildProcess> {
  const flags = ["--conditions=midwatch-source", "--disable-warning=ExperimentalWarning"];
  const child = spawn(process.execPath, [...flags, script, folder], { stdio: ["ignore", "pipe", "inherit"] });
  await once(child.stdout, "data");
  return child;
}

async function kill(child: ChildProcess): Promise<void> {
  const exited = once(child, "exit");
  child.kill("SIGKILL");
  await exited;
}

function journalPath(folder: string): string {
  return join(folder, "supervisor", "journal", "bot.json");
}

async function journalOf(folder: string): Promise<JournalEntry> {
  const entry = decodeEntry(await readFile(journalPath(folder), "utf8"));
  assert.ok(entry);
  return entry;
}
