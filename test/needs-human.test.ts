import assert from "node:assert/strict";
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { setTimeout as sleep } from "node:timers/promises";
import { apiOf } from "./support/api.ts";
import { freePort } from "./support/free-port.ts";
import { midwatch, temporaryFolder } from "./support/midwatch-command.ts";
import { until } from "./support/until.ts";
import { webhookReceiver } from "./support/webhook-receiver.ts";

test("an agent that cannot live is tried three times, one human is asked once, and that human's restart is carried out", async (t) => {
  const folder = temporaryFolder(t);
  const hook = await webhookReceiver(t);
  const lives = join(folder, "lives");
  const config = join(folder, "midwatch.yaml");
  writeFileSync(
    config,
    `server: { listen: "127.0.0.1:${await freePort()}" }
agents:
  doomed: { run: 'echo life >> "${lives}"; exit 3', cooldown: 1s, probation: 5s }
channels: { hook: { type: webhook, url: "${hook.url}", allow_private: true } }
alerts: { to: [hook] }
`,
  );
  const livesSoFar = (): number => readFileSync(lives, "utf8").trim().split("\n").length;
  const up = midwatch(t, ["up", "--config", config]);
  await up.said(/on watch/);
  const api = apiOf(join(folder, ".midwatch"));
  const asked = (): number => hook.of("incident.opened", "doomed").filter(({ kind }) => kind === "needs-human").length;

  await until(
    () => asked() === 1,
    () => `a human to be asked:\n${JSON.stringify(hook.messages, null, 2)}\n${up.output()}`,
  );
  assert.equal(livesSoFar(), 4, "the first start and three attempts");
  const agent = await api.agent("doomed");
  assert.equal(agent?.recovery?.phase, "exhausted");
  assert.equal(agent.restarts_today, 3);

  // Two cooldowns later nothing has been tried again, and nobody was asked again.
  await sleep(2_500);
  assert.equal(livesSoFar(), 4);
  assert.equal(asked(), 1);

  const restart = midwatch(t, ["restart", "doomed", "--config", config]);
  assert.equal((await restart.ended).code, 0, restart.output());
  assert.equal(restart.output(), "doomed was started\n", "what came of it, not what was asked for");
  await until(
    () => livesSoFar() > 4,
    () => `a life that a human asked for:\n${up.output()}`,
  );
});
