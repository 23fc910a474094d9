import assert from "node:assert/strict";
import { readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { test, type TestContext } from "node:test";
import { exitWith, openGateInTest, outcomeOf, refusalOf, type GateInTest } from "../testing/gate-in-test.ts";
import { fingerprintOf } from "./fingerprint.ts";
import type { StatePolicy } from "./state-policy.ts";

const good = '{"position":1}';
const deadly = '{"position":-1}';

/** An agent that was well with one state and then wrote another, from which it dies. */
async function withDeadlyState(t: TestContext, policy: Partial<StatePolicy> = {}): Promise<GateInTest> {
  const one = await openGateInTest(t, {
    policy: { files: [{ path: "state.json", check: "json", keep: 3 }], ...policy },
  });
  await writeFile(join(one.cwd, "state.json"), good);
  await one.gate.admit(null);
  await one.gate.keepGood();
  await writeFile(join(one.cwd, "state.json"), deadly);
  return one;
}

let runs = 0;
const died = (line = "TypeError: position 1840 is out of range") => ({
  runId: `run-${(runs += 1)}`,
  exit: exitWith([line]),
});

test("state that an agent dies of twice in the same way is replaced once; the same death after that asks a person", async (t) => {
  const one = await withDeadlyState(t);
  const path = join(one.cwd, "state.json");
  assert.equal(outcomeOf(await one.gate.admit(died())), "as it is");
  // Numbers differ from death to death; the death is the same.
  const second = await one.gate.admit(died("TypeError: position 77 is out of range"));
  assert.equal(outcomeOf(second), "restored");
  assert.match(JSON.stringify(second), /has died twice in the same way from this state, which passes its checks/);
  assert.equal(await readFile(path, "utf8"), good);
  assert.deepEqual(
    (await one.quarantined()).map(({ content }) => content.toString()),
    [deadly],
  );
  const third = await one.gate.admit(died());
  assert.equal(outcomeOf(third), "stays down");
  assert.match(refusalOf(third).reason, /from other state as well/);
  assert.equal(await readFile(path, "utf8"), good);
  // Restarted by a person: what was known of earlier deaths is forgotten.
  assert.equal(outcomeOf(await one.gate.admit(null)), "as it is");
  assert.equal(outcomeOf(await one.gate.admit(died())), "as it is");
});

test("a start that is tried again for the same death does not count as a second death", async (t) => {
  const one = await withDeadlyState(t);
  const crash = died();
  for (let times = 0; times < 3; times += 1) assert.equal(outcomeOf(await one.gate.admit(crash)), "as it is");
  const again = died();
  assert.equal(outcomeOf(await one.gate.admit(again)), "restored");
  const reopened = await one.reopen();
  assert.equal(outcomeOf(await reopened.admit(again)), "as it is");
});

test("two different deaths, a changed state, or being well in between are no poisoned state", async (t) => {
  const one = await withDeadlyState(t);
  const path = join(one.cwd, "state.json");
  await one.gate.admit(died("KeyError: 'a'"));
  assert.equal(outcomeOf(await one.gate.admit(died("ValueError: b"))), "as it is");
  await writeFile(path, '{"position":2}');
  assert.equal(outcomeOf(await one.gate.admit(died("ValueError: b"))), "as it is");
  await one.gate.keepGood();
  assert.equal(outcomeOf(await one.gate.admit(died("ValueError: b"))), "as it is");
});

test("an agent that dies because the network is away keeps its state", async (t) => {
  const one = await withDeadlyState(t);
  for (let times = 0; times < 4; times += 1) {
    const crash = died("Error: connect ECONNREFUSED 127.0.0.1:443");
    assert.equal(outcomeOf(await one.gate.admit(crash)), "as it is");
  }
});

test("after a fallback another way of dying from that state asks a person as well", async (t) => {
  const one = await withDeadlyState(t);
  await one.gate.admit(died());
  assert.equal(outcomeOf(await one.gate.admit(died())), "restored");
  assert.equal(outcomeOf(await one.gate.admit(died("KeyError: 'a'"))), "as it is");
  assert.equal(outcomeOf(await one.gate.admit(died("KeyError: 'a'"))), "stays down");
});

test("by the policy fresh, an agent with poisoned state starts without; by stop, it stays down at once", async (t) => {
  const fresh = await withDeadlyState(t, { onInvalid: "fresh" });
  await fresh.gate.admit(died());
  assert.equal(outcomeOf(await fresh.gate.admit(died())), "fresh");
  await assert.rejects(readFile(join(fresh.cwd, "state.json")), { code: "ENOENT" });
  assert.equal(outcomeOf(await fresh.gate.admit(died())), "stays down");

  const stop = await withDeadlyState(t, { onInvalid: "stop" });
  await stop.gate.admit(died());
  assert.equal(outcomeOf(await stop.gate.admit(died())), "stays down");
  assert.equal(await readFile(join(stop.cwd, "state.json"), "utf8"), deadly);
});

test("with nothing to fall back to, poisoned state is told and left to the limit of restarts", async (t) => {
  const one = await openGateInTest(t, { policy: { files: [{ path: "state.json", check: "json", keep: 3 }] } });
  await writeFile(join(one.cwd, "state.json"), deadly);
  await one.gate.admit(null);
  await one.gate.admit(died());
  const admission = await one.gate.admit(died());
  assert.equal(outcomeOf(admission), "as it is");
  assert.match(JSON.stringify(admission), /there is no other generation to fall back to/);
});

test("an agent in a crash loop that changes its state each time does not push out the last state that worked", async (t) => {
  const one = await withDeadlyState(t);
  const path = join(one.cwd, "state.json");
  for (let boot = 1; boot <= 6; boot += 1) {
    await writeFile(path, `{"position":-1,"boot":${boot}}`);
    await one.gate.admit(died(`KeyError: ${"x".repeat(boot)}`));
  }
  await one.gate.admit(died("KeyError: z"));
  const admission = await one.gate.admit(died("KeyError: z"));
  assert.equal(outcomeOf(admission), "restored");
  assert.equal(await readFile(path, "utf8"), good);
});

test("deaths are the same whatever their numbers, addresses, times and paths", () => {
  const same = [
    ["2026-03-01T00:00:00.123Z RuntimeError: row 17 of /srv/bot/state.db at 0x7ffd1234 is bad"],
    [
      "2026-04-02T10:11:12.456Z RuntimeError: row 4 of /home/b/state.db at 0xdeadbeef is bad",
      "",
      "    at run (a.js:1:2)",
      "Node.js v24.1.0",
    ],
  ].map((lines) => fingerprintOf(exitWith(lines)));
  assert.equal(same[0], same[1]);
  assert.notEqual(fingerprintOf(exitWith(["KeyError: 'a'"])), fingerprintOf(exitWith(["KeyError: 'b'"])));
  assert.notEqual(fingerprintOf({ ...exitWith([]), code: 2 }), fingerprintOf(exitWith([])));
  assert.equal(fingerprintOf(exitWith(["Error: 429 Too Many Requests"])), null);
});
