// A cap that only sends a message is no cap. A real `midwatch up` keeps an agent that spends by a client which knows nothing of
// Midwatch; once its budget is gone the provider sees no further call, whoever of the four processes is killed meanwhile.

import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { test, type TestContext } from "node:test";
import { fileURLToPath } from "node:url";
import { meteredUrls, startMetered, type MeteredAgents } from "./support/metered-agents.ts";
import { midwatch, temporaryFolder } from "./support/midwatch-command.ts";
import { startProviders } from "./support/providers/start-providers.ts";
import { until } from "./support/until.ts";

const spender = fileURLToPath(new URL("agents/spender.ts", import.meta.url));

/** Asks once, as any client would; the status and the words of the answer. */
async function ask(midwatch: MeteredAgents): Promise<{ readonly status: number; readonly said: string }> {
  const base = meteredUrls(midwatch.meterUrl, "bot").openai;
  const body = JSON.stringify({ model: "stand-in", messages: [{ role: "user", content: "go on" }] });
  const headers = { "content-type": "application/json", authorization: "Bearer sk-test" };
  const answer = await fetch(`${base}/chat/completions`, { method: "POST", headers, body }).catch(() => null);
  return { status: answer?.status ?? 0, said: answer === null ? "" : await answer.text() };
}

async function state(midwatch: MeteredAgents): Promise<string | undefined> {
  return (
    await midwatch
      .api()
      .agent("bot")
      .catch(() => null)
  )?.state;
}

function kill(midwatch: MeteredAgents, name: "server" | "meter"): void {
  const { pid } = JSON.parse(readFileSync(join(midwatch.dataDir, `${name}.json`), "utf8")) as { pid: number };
  process.kill(pid, "SIGKILL");
}

/** Until the meter answers again, it refuses. */
async function staysRefused(midwatch: MeteredAgents, what: string): Promise<void> {
  const answer = await until(
    async () => {
      const one = await ask(midwatch);
      return one.status === 0 ? null : one;
    },
    () => `the meter, ${what}:\n${midwatch.up.output()}`,
  );
  assert.equal(answer.status, 403, `${what}: ${answer.said}`);
}

function agents(t: TestContext, budget: string): string {
  const lives = join(temporaryFolder(t), "lives");
  return `agents:
  bot:
    run: '"${process.execPath}" "${spender}" "${lives}"'
    meter: [openai]
    telemetry: false
    interval: 5s
    startup: 30s
    budget: { ${budget} }
`;
}

test("once its budget is gone a paused agent makes no further paid call, whatever is killed and started again", async (t) => {
  const providers = await startProviders(t);
  const limit = 3_000;
  const scene = await startMetered(t, providers, agents(t, `tokens_per_day: ${limit}`));
  await until(
    async () => (await state(scene)) === "paused",
    () => `the pause:\n${scene.up.output()}`,
  );
  // A call that was under way when the pause came is let finish; then all is quiet.
  const paidCalls = (): number => providers.calls.length;
  await staysRefused(scene, "after the pause");
  const paid = paidCalls();
  const spent = providers.calls.reduce((sum, { usage }) => sum + usage.input + usage.output, 0);
  assert.ok(spent >= limit, "it was paused because the limit was reached");

  await staysRefused(scene, "asked again from another process");
  assert.match((await ask(scene)).said, /budget of 3,000 tokens a day is spent/);

  kill(scene, "server");
  await staysRefused(scene, "without a server");
  kill(scene, "meter");
  await staysRefused(scene, "after the meter's own death");
  await until(
    async () => (await state(scene)) === "paused",
    () => `the server's next life:\n${scene.up.output()}`,
  );

  scene.up.child.kill("SIGKILL");
  await scene.up.ended;
  const up = midwatch(t, ["up", "--config", scene.config]);
  await until(
    async () => (await state(scene)) === "paused" && (await ask(scene)).status !== 0,
    () => `all of it again:\n${up.output()}`,
  );
  await staysRefused(scene, "after the supervisor's death");
  assert.equal(paidCalls(), paid, "the provider was not called again");

  const resume = midwatch(t, ["resume", "bot", "--config", scene.config]);
  assert.equal((await resume.ended).code, 1);
  assert.match(resume.output(), /budget of 3,000 tokens a day is spent.*midwatch budget bot LIMIT=AMOUNT/s);

  const raise = midwatch(t, ["budget", "bot", "tokens_per_day=1_000_000", "--config", scene.config]);
  assert.equal((await raise.ended).code, 0, raise.output());
  await until(
    () => paidCalls() > paid,
    () => `a call after the cap was raised:\n${up.output()}`,
  );
  const agent = await until(
    async () => {
      const now = await scene.api().agent("bot");
      return now?.state === "up" && now;
    },
    () => `the agent to be up again:\n${up.output()}`,
  );
  assert.equal(agent.recovery?.attempt, 0, "letting it go on was no restart attempt");
});

test("many calls at once overshoot a budget by no more than those in flight", async (t) => {
  const providers = await startProviders(t);
  const scene = await startMetered(t, providers);
  await scene.api().beat({ agent: "bot" });
  const budget = midwatch(t, ["budget", "bot", "tokens_per_day=2000", "--config", scene.config]);
  assert.equal((await budget.ended).code, 0, budget.output());
  const inFlight = 8;
  let refused = 0;
  const lane = async (): Promise<void> => {
    for (let call = 0; call < 200; call += 1) {
      const { status } = await ask(scene);
      if (status !== 403) continue;
      refused += 1;
      return;
    }
  };
  await Promise.all(Array.from({ length: inFlight }, lane));
  assert.equal(refused, inFlight, "every lane was stopped");
  const tokens = providers.calls.map(({ usage }) => usage.input + usage.output);
  const spent = tokens.reduce((sum, one) => sum + one, 0);
  const most = 2_000 + inFlight * Math.max(...tokens);
  assert.ok(spent >= 2_000 && spent <= most, `${spent} tokens were spent, at most ${most} were to be`);
});
