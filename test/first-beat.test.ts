import assert from "node:assert/strict";
import { execFile } from "node:child_process";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { promisify } from "node:util";
import { apiOf } from "./support/api.ts";
import { midwatch, temporaryFolder } from "./support/midwatch-command.ts";
import { until } from "./support/until.ts";
import { webhookReceiver } from "./support/webhook-receiver.ts";

test("four fields sent by curl register an agent; its silence alerts once; its next beat says how long it was gone", async (t) => {
  const folder = temporaryFolder(t);
  const hook = await webhookReceiver(t);
  const config = join(folder, "midwatch.yaml");
  writeFileSync(
    config,
    `server: { listen: "127.0.0.1:0" }
defaults: { interval: 1s }
channels: { hook: { type: webhook, url: "${hook.url}", allow_private: true } }
alerts: { to: [hook] }
`,
  );
  const server = midwatch(t, ["server", "--config", config]);
  await server.said(/on watch/);
  const api = apiOf(join(folder, ".midwatch"));

  const sendByCurl = async (): Promise<Record<string, unknown>> => {
    const body = JSON.stringify({ agent: "home-made", status: "ok", tokens_used: 1840, ts: Date.now() / 1000 });
    const { stdout } = await promisify(execFile)("curl", [
      "--silent",
      `${api.url}/api/v1/heartbeat`,
      ...["--header", `Authorization: Bearer ${api.ingestKey}`, "--header", "Content-Type: application/json"],
      ...["--data", body],
    ]);
    return JSON.parse(stdout) as Record<string, unknown>;
  };

  const first = await sendByCurl();
  assert.equal(first["ok"], true);
  assert.equal(first["state"], "up");
  assert.equal((await api.agent("home-made"))?.tokens_total, 1840);

  const alert = await until(
    () => hook.of("incident.opened", "home-made")[0],
    () => "the alert",
  );
  assert.equal(alert.kind, "silent");
  assert.equal(alert.severity, "page");
  assert.equal((await api.agent("home-made"))?.state, "down");

  assert.equal((await sendByCurl())["state"], "up");
  const recovery = await until(
    () => hook.of("incident.resolved", "home-made")[0],
    () => "the recovery",
  );
  assert.match(`${recovery.title} ${recovery.text}`, /\d+ (s|min)/, "the length of the outage is told");
  assert.equal(recovery.incident?.id, alert.incident?.id);
  assert.equal(hook.of("incident.opened", "home-made").length, 1, "one silence, one alert");
});
