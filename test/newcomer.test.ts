import assert from "node:assert/strict";
import { createServer } from "node:net";
import { join } from "node:path";
import { test, type TestContext } from "node:test";
import { apiOf } from "./support/api.ts";
import { runScript, temporaryFolder } from "./support/midwatch-command.ts";
import { until } from "./support/until.ts";

/** What a newcomer types first uses fixed ports; somebody may be using Midwatch on this very machine. */
async function skipIfTaken(t: TestContext, port: number): Promise<boolean> {
  const probe = createServer();
  const taken = await new Promise<boolean>((resolve) => {
    probe.once("error", () => resolve(true));
    probe.listen(port, "127.0.0.1", () => resolve(false));
  });
  await new Promise((resolve) => probe.close(resolve));
  if (taken) t.skip(`SKIPPED: port ${port} is taken on this machine`);
  return taken;
}

test("`npm start` without a configuration serves the dashboard and a beating agent, and its key works", async (t) => {
  if (await skipIfTaken(t, 4004)) return;
  const data = join(temporaryFolder(t), "data");
  const start = runScript(t, "tools/start.ts", ["--data", data]);
  const [link = ""] = await start.said(/http:\S+\/sign-in\?token=\S+/);
  const page = await fetch(link);
  assert.equal(page.status, 200);
  assert.match(await page.text(), /Sign in/);
  const dashboard = await (await fetch(new URL("/", link))).text();
  assert.match(dashboard, /<title>Midwatch/);

  const api = apiOf(data);
  await until(
    async () => {
      const agent = await api.agent("folder-digest");
      return agent?.state === "up" && agent.tokens_total > 0;
    },
    () => `the example agent to beat:\n${start.output()}`,
  );
  assert.ok(start.output().includes(api.ingestKey), "the printed snippets hold a working key");
  assert.equal((await api.beat({ agent: "my-agent", status: "ok", tokens_used: 1840 })).state, "up");

  start.child.kill("SIGINT");
  assert.equal((await start.ended).code, 0, start.output());
});

test("`npm run demo` shows every story within its time", async (t) => {
  if (await skipIfTaken(t, 4005)) return;
  const demo = runScript(t, "examples/demo.ts", []);
  const stories = [
    /\[warn\] mortal: killed by SIGKILL/,
    /restart 2 of 3/,
    /\[page\] mortal: needs you/,
    /\[warn\] hanger: hung: alive, but silent/,
    /\[resolved\] hanger: running again after/,
    /\[page\] runaway: possible loop: 40,000 tokens in one cycle/,
    /\[resolved\] runaway:/,
    /graceful: ended with status 0/,
  ];
  await until(
    () => stories.every((story) => story.test(demo.output())),
    () => `every story:\n${demo.output()}`,
    150_000,
  );
  assert.doesNotMatch(demo.output(), /\[(page|warn|info)\] (graceful|steady)/, "nothing is said about the good ones");
  demo.child.kill("SIGINT");
  assert.equal((await demo.ended).code, 0, demo.output());
});
