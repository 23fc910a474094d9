import assert from "node:assert/strict";
import { readFile, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { test, type TestContext } from "node:test";
import { findMarked } from "../process/marker.ts";
import { exitWith, openGateInTest, outcomeOf, refusalOf, type GateInTest } from "../testing/gate-in-test.ts";
import { until } from "../testing/until.ts";
import type { StatePolicy } from "./state-policy.ts";

async function withValidator(t: TestContext, script: string, more: Partial<StatePolicy> = {}): Promise<GateInTest> {
  const one = await openGateInTest(t, {
    env: { MODE: "live" },
    policy: { files: [{ path: "state.json", check: "json", keep: 3 }], validate: ["sh", "-c", script], ...more },
  });
  await writeFile(join(one.cwd, "state.json"), '{"position":1}');
  return one;
}

const stateOf = ({ cwd }: GateInTest): Promise<string> => readFile(join(cwd, "state.json"), "utf8");

test("a validator runs in the agent's folder with its environment and is told where the state is", async (t) => {
  const one = await withValidator(
    t,
    'test "$MODE" = live && test "$MIDWATCH_AGENT" = team/reader && cat "$MIDWATCH_STATE" >seen && pwd >>seen',
  );
  assert.equal(outcomeOf(await one.gate.admit(null)), "as it is");
  assert.match(await readFile(join(one.cwd, "seen"), "utf8"), /^\{"position":1\}.*midwatch-gate-/);
});

test("a validator that repairs the state (10) is believed when the state passes the checks after it", async (t) => {
  const one = await withValidator(t, `echo '{"position":2}' >state.json; exit 10`);
  const admission = await one.gate.admit(null);
  assert.equal(outcomeOf(admission), "as it is");
  assert.deepEqual(admission.fit && admission.notes, ["its validator has repaired its state"]);
  assert.equal(await stateOf(one), '{"position":2}\n');

  const botched = await withValidator(t, `printf '{"pos' >state.json; exit 10`);
  const refused = await botched.gate.admit(null);
  assert.equal(outcomeOf(refused), "stays down");
  assert.match(refusalOf(refused).reason, /says that it has repaired the state, but state\.json is cut off/);
  assert.equal(await stateOf(botched), '{"position":1}');
});

test("state that its validator calls unusable (20) is replaced by one that it calls good", async (t) => {
  const one = await withValidator(t, "grep -q bad state.json && echo position is bad && exit 20; exit 0");
  await one.gate.admit(null);
  // Whole by the built-in check, so it becomes a generation: that alone does not make it good enough.
  await writeFile(join(one.cwd, "state.json"), '{"bad":1}');
  await one.gate.keepGood();
  const admission = await one.gate.admit({ runId: "run-1", exit: exitWith() });
  assert.equal(outcomeOf(admission), "restored");
  assert.match(JSON.stringify(admission), /its validator calls it unusable: position is bad/);
  assert.equal(await stateOf(one), '{"position":1}');
  assert.deepEqual(
    (await one.quarantined()).map(({ content }) => content.toString()),
    ['{"bad":1}'],
  );
});

test("when its validator refuses every generation, the state is back in its place and a person is asked", async (t) => {
  const one = await withValidator(t, "test -e refuse && exit 20; exit 0");
  await one.gate.admit(null);
  await writeFile(join(one.cwd, "state.json"), '{"position":2}');
  await writeFile(join(one.cwd, "refuse"), "");
  assert.equal(outcomeOf(await one.gate.admit(null)), "stays down");
  assert.equal(await stateOf(one), '{"position":2}');
  await rm(join(one.cwd, "refuse"));
  assert.equal(outcomeOf(await one.gate.admit(null)), "as it is");
});

test("a validator that hangs, and its child that left the group and ignores TERM, are killed, and the state is untouched", async (t) => {
  const script = `setsid sh -c 'trap "" TERM; while :; do sleep 1; done' & sleep 600`;
  const one = await withValidator(t, script, { validateTimeoutMs: 300 });
  const admission = await one.gate.admit(null);
  assert.equal(outcomeOf(admission), "stays down");
  assert.match(refusalOf(admission).reason, /has not judged it: it did not end within 0\.3 s and was killed/);
  assert.equal(await stateOf(one), '{"position":1}');
  await until("nothing of it is left", () => findMarked(`validator:${one.root}`).length === 0);
});

test("a validator that prints megabytes is read to its end, and its last lines are told", async (t) => {
  const one = await withValidator(t, "head -c 8000000 /dev/zero | tr '\\0' 'x'; echo; echo the last word; exit 3");
  const admission = await one.gate.admit(null);
  assert.equal(outcomeOf(admission), "stays down");
  assert.match(refusalOf(admission).reason, /it ended with status 3, which is none of 0, 10 and 20/);
  assert.match(refusalOf(admission).text, /the last word/);
  assert.ok(JSON.stringify(admission).length < 20_000);
});

test("a validator that deletes or changes the state without saying so has it put back", async (t) => {
  for (const [script, outcome] of [
    ["rm state.json", "as it is"],
    ["echo '{}' >state.json; exit 0", "as it is"],
    ["rm state.json; exit 20", "stays down"],
    ["rm state.json; kill -9 $$", "stays down"],
  ] as const) {
    const one = await withValidator(t, script);
    const admission = await one.gate.admit(null);
    assert.equal(outcomeOf(admission), outcome, script);
    assert.equal(await stateOf(one), '{"position":1}', script);
    assert.match(
      JSON.stringify(admission),
      /(changed or deleted the state without saying so)|(There is no good generation)/i,
      script,
    );
  }
});

test("a validator that cannot be started is no verdict: nothing is moved and the agent stays down", async (t) => {
  for (const [validate, why] of [
    [["no-such-validator"], /the command \\"no-such-validator\\" was not found/],
    ["no-such-validator | cat && exit 127", /status 127 \(the shell has not found it\)/],
    [["./state.json"], /may not be executed/],
  ] as const) {
    const one = await withValidator(t, "", { validate });
    const admission = await one.gate.admit(null);
    assert.equal(outcomeOf(admission), "stays down");
    assert.match(JSON.stringify(admission), why);
    assert.equal(await stateOf(one), '{"position":1}');
    assert.deepEqual(await one.quarantined(), []);
  }
});
