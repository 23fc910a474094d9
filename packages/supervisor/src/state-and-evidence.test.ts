// The state gate and the evidence as an operator meets them: through a supervisor, with real agents.

import assert from "node:assert/strict";
import { existsSync, globSync, readFileSync } from "node:fs";
import { readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { test } from "node:test";
import type { EvidenceBundle } from "@midwatch/protocol";
import { agentIn, beatsOf, folderFor, loop, pidOf, runsOf, supervise } from "./testing/supervisor-in-test.ts";
import { simulatedClock } from "./testing/simulated-clock.ts";
import { until } from "./testing/until.ts";

const declared = {
  files: [{ path: "state.json", check: "json", keep: 3 }],
  validate: null,
  validateTimeoutMs: 30_000,
  onInvalid: "restore",
} as const;

function evidenceIn(folder: string): readonly EvidenceBundle[] {
  return globSync(join(folder, "supervisor/evidence/**/*.json"))
    .toSorted()
    .map((file) => (JSON.parse(readFileSync(file, "utf8")) as { bundle: EvidenceBundle }).bundle);
}

test("an agent that died in the middle of writing its state goes on from the last good one, and the torn one is kept", async (t) => {
  const folder = await folderFor(t);
  const state = join(folder, "state.json");
  await writeFile(state, '{"step": 41}');
  const { notices } = await supervise(folder, { agents: [agentIn(folder, { state: declared })] });
  await until("it beats", () => beatsOf(folder) > 0);
  await writeFile(state, '{"step": 4');
  process.kill(pidOf(folder, "bot"), "SIGKILL");
  await until("it runs anew", () => runsOf(folder).length === 2);
  assert.equal(await readFile(state, "utf8"), '{"step": 41}');
  const told = notices.find(({ kind }) => kind === "state-invalid");
  assert.match(told?.title ?? "", /^went on from an earlier state: state\.json/);
  assert.equal(told?.severity, "page");
  const [torn] = globSync(join(folder, "supervisor/state/bot/quarantine/**/*state.json*"));
  assert.equal(readFileSync(torn ?? "", "utf8"), '{"step": 4');
});

test("with `stop`, an agent with unusable state stays down with one alert, and starts again once a person has repaired it", async (t) => {
  const folder = await folderFor(t);
  const state = join(folder, "state.json");
  await writeFile(state, "{}");
  const agents = [agentIn(folder, { state: { ...declared, onInvalid: "stop" } })];
  const { running, notices } = await supervise(folder, { agents });
  await until("it beats", () => beatsOf(folder) > 0);
  await writeFile(state, "{");
  process.kill(pidOf(folder, "bot"), "SIGKILL");
  const [end] = await running.ended;
  assert.equal(end?.how, "exhausted");
  assert.match(end.reason ?? "", /its state is unusable: state\.json/);
  await until("it is told", () => notices.some(({ kind }) => kind === "state-invalid"));
  assert.ok(!notices.some(({ kind }) => kind === "needs-human"), "one alert, not two");
  assert.equal(await readFile(state, "utf8"), "{", "untouched");

  await writeFile(state, "{}");
  assert.equal((await running.command("bot", "restart", "ops")).ok, true);
  await until("it beats again", () => runsOf(folder).length === 2 && beatsOf(folder) > 0);
  await until("it is over", () => notices.some(({ kind, what }) => kind === "state-invalid" && what === "resolved"));
});

test("an agent's own check that hangs is ended, nothing is started, and a person is told why", async (t) => {
  const folder = await folderFor(t);
  const validate = `${process.execPath} -e "process.on('SIGTERM', () => {}); setInterval(() => {}, 1000)"`;
  const state = { ...declared, files: [], validate, validateTimeoutMs: 1_000 };
  const { running, notices } = await supervise(folder, { agents: [agentIn(folder, { state })] });
  const [end] = await running.ended;
  assert.equal(end?.how, "exhausted");
  await until("it is told", () => notices.some(({ title, text }) => /1 s/.test(`${title} ${text}`)));
  assert.equal(runsOf(folder).length, 0);
});

test("an agent that dies twice in the same way from the same state is not fed it a third time", async (t) => {
  const folder = await folderFor(t);
  const state = join(folder, "state.json");
  await writeFile(state, '{"poison": false}');
  const script = join(folder, "poisoned.mjs");
  // Lives on good state; on poison it says why it dies, always in the same words.
  await writeFile(
    script,
    `import { readFileSync } from "node:fs";
if (JSON.parse(readFileSync("state.json", "utf8")).poison) {
  console.error("TypeError: cannot digest this");
  process.exit(1);
}
console.log("fine");
setInterval(() => {}, 1000);
`,
  );
  const agents = [
    agentIn(folder, { run: [process.execPath, script], liveness: "process", cooldownMs: 0, state: declared }),
  ];
  const { notices, log } = await supervise(folder, { agents });
  await until("it lives", () => log.some((line) => line.includes("started")));
  await writeFile(state, '{"poison": true}');
  process.kill(pidOf(folder, "bot"), "SIGKILL");
  await until("it is healed", () => notices.some(({ kind }) => kind === "state-invalid"));
  const told = notices.find(({ kind }) => kind === "state-invalid");
  assert.match(told?.title ?? "", /died twice in the same way/);
  await until("it goes on from the older state", async () => (await readFile(state, "utf8")) === '{"poison": false}');
  assert.ok(!notices.some(({ kind }) => kind === "needs-human"));
});

test("what a hung agent was doing is known afterwards: its stack, its last lines, its last beats", async (t) => {
  if (process.platform !== "linux") {
    console.error(`SKIPPED: ${t.name}: stacks are taken on Linux only`);
    t.skip("stacks are taken on Linux only");
    return;
  }
  const folder = await folderFor(t);
  const clock = simulatedClock();
  const run = loop("--hang-after", "3", "--only-once", join(folder, "hung"));
  const { notices } = await supervise(folder, { clock, agents: [agentIn(folder, { run })] });
  await until("it hangs", () => existsSync(join(folder, "hung")));
  await until("its last beat is folded", () => beatsOf(folder) === 3);
  await until("it beats again", async () => {
    await clock.pass(1_000);
    return runsOf(folder).length === 2 && beatsOf(folder) > 0;
  });
  assert.ok(notices.some(({ kind }) => kind === "hung"));
  const bundle = evidenceIn(folder)[0] ?? assert.fail("no evidence");
  assert.equal(bundle.why, "hung");
  assert.match(bundle.summary, /loop-agent\.ts:\d+/);
  const textOf = (name: string): string => bundle.items.find((item) => item.name === name)?.text ?? "";
  assert.match(textOf("stack"), /loop-agent\.ts/);
  assert.match(textOf("output"), /beat 3 answered 200/);
  assert.match(textOf("beats"), /ok/);
  assert.match(textOf("environment"), /MIDWATCH_KEY.*\[redacted\]/);
});
