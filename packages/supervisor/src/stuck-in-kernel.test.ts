import assert from "node:assert/strict";
import { test } from "node:test";
import { isAlive, identify } from "./process/identity.ts";
import { freezerOrSkip } from "./testing/freezer.ts";
import { agentIn, beatsOf, folderFor, pidOf, runsOf, supervise } from "./testing/supervisor-in-test.ts";
import { until } from "./testing/until.ts";

test("beside an agent that waits in the kernel and cannot be killed no second copy is started, until it is gone", async (t) => {
  const folder = await folderFor(t);
  const { running, log, notices } = await supervise(folder, {
    agents: [agentIn(folder, { stopGraceMs: 200, stopLimitMs: 200 })],
  });
  await until("it beats", () => beatsOf(folder) > 0);
  const agent = identify(pidOf(folder, "bot"))!;
  const freezer = freezerOrSkip(t);
  if (!freezer) return;
  freezer.freeze(agent.pid);
  await running.command("bot", "restart", "ops");
  await until(
    "somebody is asked",
    () => notices.some(({ kind }) => kind === "needs-human") || runsOf(folder).length > 1,
  );
  assert.equal(runsOf(folder).length, 1, log.join("\n"));
  assert.match(log.join("\n"), new RegExp(`process ${agent.pid} \\(state D\\) of its last run cannot be killed`));

  const again = running.command("bot", "restart", "ops");
  assert.equal((await again).ok, false, "it is still there");
  assert.equal(runsOf(folder).length, 1);
  freezer.thaw();
  await until("it is gone", () => !isAlive(agent));
  assert.equal((await running.command("bot", "restart", "ops")).message, "bot was started");
  await until("it runs anew", () => runsOf(folder).length === 2);
});
