// Everything between a beat and a delivered notification, without HTTP, in a process that a test kills: agents fail and
// recover without end. Arguments: the database file, the URL of a webhook, and `deliver` for one that makes nothing new. Says
// `ready` when it works.

import { defaultSettings, type AgentEvent } from "@midwatch/core";
import { parseBeat } from "@midwatch/protocol";
import { openSqliteStore } from "@midwatch/store";
import { setTimeout as pause } from "node:timers/promises";
import type { AgentJob } from "../ledger/fold-agents.ts";
import { openWatch } from "../watch.ts";

const [file = "", hook = "", mode = ""] = process.argv.slice(2);
const agents = ["ada", "bob", "cy", "dee"];
const channels = ["one", "two"];
const store = await openSqliteStore({ file });
const nobody = () => undefined;
const watch = await openWatch({
  listen: { host: "127.0.0.1", port: 0 },
  store,
  timeZone: "UTC",
  strict: false,
  defaults: { ...defaultSettings, failingLimit: 1 },
  channels: Object.fromEntries(
    channels.map((name) => [name, { type: "webhook", url: `${hook}/${name}`, allow_private: true }]),
  ),
  alertsTo: channels,
  alerts: {
    gatherMs: 10,
    flapping: { opens: 1_000_000, withinMs: 1 },
    // A route of its own for each agent: then nothing is grouped, and each incident has its own messages.
    routes: agents.map((agent) => ({ match: { agents: [agent] }, steps: [{ afterMs: 0, to: channels }] })),
  },
  report: null,
  version: "0.0.0-test",
  dashboardDir: null,
  log: { info: nobody, warn: nobody, error: nobody },
});
watch.start();
process.stdout.write("ready\n");

function beat(agent: string, status: "ok" | "error"): AgentJob {
  const parsed = parseBeat({ agent, status, interval_s: 3_600, run_id: `${process.pid}` });
  if (!parsed.ok) throw new Error(JSON.stringify(parsed.errors));
  const at = Date.now();
  const event: AgentEvent = {
    ...{ type: "beat", at, beat: parsed.beat, identity: { by: "none" }, via: "direct" },
    costUsdMicros: null,
    spooled: false,
  };
  return { name: agent, events: [event], registerAt: at };
}

for (let round = 0; mode !== "deliver"; round += 1) {
  const status = round % 2 === 0 ? "error" : "ok";
  await watch.ledger.commit(agents.filter(() => Math.random() < 0.7).map((agent) => beat(agent, status)));
  await pause(40 + Math.random() * 60);
}
