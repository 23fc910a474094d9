import assert from "node:assert/strict";
import { existsSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { fileURLToPath } from "node:url";
import { apiOf } from "./support/api.ts";
import { midwatch, temporaryFolder } from "./support/midwatch-command.ts";
import { freePort } from "./support/free-port.ts";
import { until } from "./support/until.ts";
import { webhookReceiver } from "./support/webhook-receiver.ts";

const beater = fileURLToPath(new URL("agents/beater.ts", import.meta.url));

test("`midwatch up` keeps an agent, its supervisor and its server, whichever of them is killed", async (t) => {
  const folder = temporaryFolder(t);
  const hook = await webhookReceiver(t);
  const livesFile = join(folder, "lives");
  const config = join(folder, "midwatch.yaml");
  writeFileSync(
    config,
    `server: { listen: "127.0.0.1:${await freePort()}" }
agents:
  bot: { run: '"${process.execPath}" "${beater}" "${livesFile}"', interval: 2s, cooldown: 2s, probation: 2s, startup: 20s }
channels: { hook: { type: webhook, url: "${hook.url}", allow_private: true } }
alerts: { to: [hook] }
`,
  );
  const lives = (): number[] =>
    existsSync(livesFile) ? readFileSync(livesFile, "utf8").trim().split("\n").map(Number) : [];

  const up = midwatch(t, ["up", "--config", config]);
  await up.said(/on watch/);
  const data = join(folder, ".midwatch");
  const api = apiOf(data);
  await until(
    async () => (await api.agent("bot"))?.state === "up",
    () => `the agent to be up:\n${up.output()}`,
  );

  // The agent.
  const [first = 0] = lives();
  process.kill(first, "SIGKILL");
  await until(
    () => lives().length === 2,
    () => `a second life:\n${up.output()}`,
  );
  const restarted = await until(
    async () => {
      const agent = await api.agent("bot");
      return agent?.state === "up" && agent.restarts_today === 1 ? agent : null;
    },
    () => "the server to see the restart",
  );
  assert.ok(restarted.tokens_total > 0);
  await until(
    () => hook.of("incident.resolved", "bot").some(({ kind }) => kind === "crashed"),
    () => `the recovery:\n${JSON.stringify(hook.messages)}`,
  );

  // The server, while beats go on.
  const before = (await api.agent("bot"))?.tokens_total ?? 0;
  process.kill(serverPid(data), "SIGKILL");
  await up.said(/midwatch-server: killed by SIGKILL/);
  const after = await until(
    async () => {
      const agent = await api.agent("bot").catch(() => null);
      return agent?.state === "up" && agent.tokens_total > before ? agent : null;
    },
    () => `the server's next life:\n${up.output()}`,
  );
  assert.ok(after.tokens_total > before);
  assert.equal(lives().length, 2, "the agent never noticed");
  assert.equal(hook.of("incident.opened", "bot").filter(({ kind }) => kind === "silent").length, 0, "no false alarm");

  // Everything.
  up.child.kill("SIGTERM");
  assert.equal((await up.ended).code, 0, up.output());
  assert.throws(() => process.kill(lives()[1] ?? 0, 0), "no agent is left behind");
});

test("after a `kill -9` of `midwatch up` the next one takes over the server and the agents as they are", async (t) => {
  const folder = temporaryFolder(t);
  const config = join(folder, "midwatch.yaml");
  const write = (idler: string): void =>
    writeFileSync(
      config,
      `server: { listen: "127.0.0.1:0" }\nagents: { idler: { run: ${idler}, liveness: process } }\n`,
    );
  write("sleep 600");
  const up = midwatch(t, ["up", "--config", config]);
  const [, idler] = await up.said(/idler: started as process (\d+)/);
  const data = join(folder, ".midwatch");
  const server = serverPid(data);
  up.child.kill("SIGKILL");
  await up.ended;

  const second = midwatch(t, ["up", "--config", config]);
  assert.equal((await second.said(/idler: taken over as process (\d+)/))[1], idler);
  await second.said(/on watch/);
  assert.equal(serverPid(data), server, "the server never noticed");

  // A new configuration touches what it changes, and a broken one nothing.
  write("sleep 601");
  second.child.kill("SIGHUP");
  // Killed before it had written down that it started the agent, the first one leaves that to the second, which says so.
  const [, changed] = await second.said(new RegExp(`idler: started as process (?!${idler}\\b)(\\d+)`));
  assert.equal(serverPid(data), server);
  writeFileSync(config, "agents: { idler: { run: 5, restart: often } }\n");
  second.child.kill("SIGHUP");
  await second.said(/the old one stays: .*has 2 mistakes/);
  process.kill(Number(changed), 0);
});

test("a server that hangs is restarted by its supervisor, like an agent that beats no more", async (t) => {
  const folder = temporaryFolder(t);
  const config = join(folder, "midwatch.yaml");
  writeFileSync(config, `server: { listen: "127.0.0.1:0" }\n`);
  const up = midwatch(t, ["up", "--config", config]);
  await up.said(/on watch/);
  const data = join(folder, ".midwatch");
  const first = serverPid(data);
  const journal = join(data, "supervisor/journal/midwatch-server.json");
  await until(
    () => readFileSync(journal, "utf8").includes('"phase":"healthy"'),
    () => "its first beat",
  );
  process.kill(first, "SIGSTOP");
  await up.said(/midwatch-server: warn: hung: hung: alive, but silent/);
  await up.said(/midwatch-server: restart 1 of/);
  await until(
    () => serverPid(data) !== first,
    () => `another server:\n${up.output()}`,
  );
});

function serverPid(data: string): number {
  return (JSON.parse(readFileSync(join(data, "server.json"), "utf8")) as { pid: number }).pid;
}
