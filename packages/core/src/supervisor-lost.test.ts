import assert from "node:assert/strict";
import { test } from "node:test";
import { agentInTest } from "./testing/agent-in-test.ts";
import { HOUR, SECOND } from "./time.ts";

test("a lost supervisor's incident says on which host, and counts from when it was last heard", () => {
  const agent = agentInTest();
  agent.apply({ type: "supervisor-seen", at: 0, supervisor: "sup-1", host: "box-1" });
  agent.beat(SECOND);
  agent.apply({ type: "supervisor-lost", at: 5 * HOUR + 31 * SECOND, heardAt: 5 * HOUR });
  const [incident] = agent.state.incidents;
  assert.equal(incident?.since, 5 * HOUR);
  assert.equal(incident.title, "its supervisor on box-1 has not been heard for 31 s");
  agent.apply({ type: "supervisor-seen", at: 6 * HOUR, supervisor: "sup-1", host: "box-1" });
  assert.deepEqual(agent.state.incidents, []);
});
