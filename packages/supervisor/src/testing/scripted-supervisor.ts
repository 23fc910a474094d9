// A supervisor as a process of its own that goes through every kind of change by itself: start, restart, stop, start, and
// the restart after a crash, and the end. Its argument is the folder, as in supervisor-in-test.ts. Prints "done" if it gets there.

import { join } from "node:path";
import { stderrNotifier } from "../fallback/notice.ts";
import { startSupervisor } from "../supervisor.ts";
import { agentIn, beatsOf, pidOf, runsOf } from "./supervisor-in-test.ts";
import { until } from "./until.ts";

const folder = process.argv[2] ?? "";
const running = await startSupervisor({
  folder: join(folder, "supervisor"),
  agents: [agentIn(folder)],
  server: null,
  notifier: stderrNotifier,
  log: () => undefined,
});
const beats = (run: number): Promise<void> =>
  until(`run ${run} beats`, () => runsOf(folder).length >= run && beatsOf(folder) > 0);
await beats(1);
await running.command("bot", "restart", "test");
await beats(2);
await running.command("bot", "stop", "test");
await running.ended;
await running.command("bot", "start", "test");
await beats(3);
process.kill(pidOf(folder, "bot"), "SIGKILL");
await beats(4);
await running.stop({ agents: "stop" });
console.log("done");
