import assert from "node:assert/strict";
import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { LaunchdStandIn } from "../packages/supervisor/src/testing/launchd-stand-in.ts";
import { midwatch, temporaryFolder } from "./support/midwatch-command.ts";
import { until } from "./support/until.ts";

const label = "com.example.bot";

/** Kept alive by launchd itself, which starts it again at once and never gives up. */
const plist = `<plist version="1.0"><dict>
  <key>Label</key><string>${label}</string>
  <key>ProgramArguments</key><array><string>/bin/sleep</string><string>600</string></array>
  <key>KeepAlive</key><true/>
</dict></plist>`;

const config = `server: { listen: "127.0.0.1:0" }
agents: { bot: { launchd: ${label}, liveness: process } }
`;

test("a job of launchd is kept under the same policy: taken over when it comes back, down when it is to be down", async (t) => {
  const folder = temporaryFolder(t);
  const domain = `gui/${process.getuid?.() ?? 0}`;
  const target = `${domain}/${label}`;
  const launchd = await LaunchdStandIn.open({ domains: [domain, "system"], throttleMs: 0 });
  t.after(() => launchd.close());
  mkdirSync(join(folder, "Library/LaunchAgents"), { recursive: true });
  writeFileSync(join(folder, "Library/LaunchAgents", `${label}.plist`), plist);
  writeFileSync(join(folder, "midwatch.yaml"), config);
  const { HOME, PATH } = process.env;
  Object.assign(process.env, { HOME: folder, PATH: `${launchd.folder}:${PATH ?? ""}` });
  t.after(() => Object.assign(process.env, { HOME, PATH }));
  const place = ["--config", join(folder, "midwatch.yaml")];

  const up = midwatch(t, ["up", ...place]);
  const runs = (): Promise<number> =>
    until(
      () => launchd.pidOf(target),
      () => `the job to run:\n${up.output()}`,
    );
  await up.said(/launchd starts com\.example\.bot again for ever \(KeepAlive\)/);
  await up.said(/bot: started as process \d+/);
  const first = await runs();
  process.kill(first, "SIGKILL");
  await up.said(/bot.*SIGKILL/);
  assert.notEqual(await runs(), first);

  const stop = midwatch(t, ["stop", "bot", ...place]);
  assert.equal((await stop.ended).code, 0, stop.output());
  await until(
    () => !launchd.isLoaded(target) && launchd.isDisabled(target),
    () => `the job to be held:\n${up.output()}`,
  );

  const start = midwatch(t, ["start", "bot", ...place]);
  assert.equal((await start.ended).code, 0, start.output());
  await runs();
  assert.equal(launchd.isDisabled(target), false);
});
