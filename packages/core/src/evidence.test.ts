import assert from "node:assert/strict";
import { test } from "node:test";
import { agentInTest } from "./testing/agent-in-test.ts";
import { MINUTE, SECOND } from "./time.ts";

const spins = "spins in think() at agent.mjs:12";

test("the most telling line of the evidence joins the incident once, and whoever is told later reads it", () => {
  const agent = agentInTest({ keeps: true });
  agent.start(0);
  agent.beat(SECOND, { runId: "run-1" });
  agent.tick(5 * MINUTE);
  const before = agent.state.incidents[0]?.text ?? "";
  agent.apply({ type: "evidence-taken", at: 5 * MINUTE + SECOND, runId: "run-1", why: "hung", summary: spins });
  agent.apply({ type: "evidence-taken", at: 6 * MINUTE, runId: "run-2", why: "hung", summary: "waits for a socket" });
  assert.equal(agent.state.incidents[0]?.text, `${before} Evidence: ${spins}.`);
  assert.deepEqual(
    agent.effects.flatMap((effect) => (effect.do === "amend" ? [effect.incident.evidence] : [])),
    [spins, spins],
  );
  agent.exit(6 * MINUTE, { signal: "SIGKILL", stoppedFor: "hung" });
  agent.started(6 * MINUTE);
  agent.crash(6 * MINUTE + SECOND);
  const told = agent.effects.findLast((effect) => effect.do === "notify" && effect.what === "raised");
  assert.ok(told?.do === "notify" && told.text.includes(spins));
});

test("evidence without an open incident is a line of the history and opens none", () => {
  const agent = agentInTest();
  agent.beat(0);
  const effects = agent.apply({ type: "evidence-taken", at: SECOND, runId: "r", why: "crashed", summary: "boom" });
  assert.deepEqual(
    effects.map((effect) => (effect.do === "record" ? [effect.entry.kind, effect.entry.text] : effect.do)),
    [["evidence-taken", "evidence taken: boom"]],
  );
});
