// A server in a process of its own, for tests that kill it. Arguments: the database file, the URL of a webhook and the
// interval of its agents in seconds. Says `ready URL KEY` when it accepts beats.

import { defaultSettings, SECOND } from "@midwatch/core";
import { openSqliteStore } from "@midwatch/store";
import { startServer, systemClock, textLog } from "../index.ts";
import { createKey } from "../keys/key.ts";

const [file = "", hook = "", intervalS = "60"] = process.argv.slice(2);
const store = await openSqliteStore({ file });
const { key } = await createKey(store, { scope: "admin", agentGlob: null, label: "test", at: Date.now() });
const server = await startServer({
  listen: { host: "127.0.0.1", port: 0 },
  store,
  timeZone: "UTC",
  strict: false,
  defaults: { ...defaultSettings, intervalMs: Number(intervalS) * SECOND },
  channels: { me: { type: "webhook", url: hook, allow_private: true } },
  alertsTo: ["me"],
  alerts: { gatherMs: 0 },
  report: null,
  version: "0.0.0-test",
  dashboardDir: null,
  overloadedAfterMs: null,
  log: textLog(process.stderr, systemClock),
});
process.stdout.write(`ready ${server.url} ${key}\n`);
process.on("SIGTERM", () => {
  void server.stop().then(() => store.close());
});
