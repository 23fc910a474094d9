// A supervisor as a process of its own, so that a test can kill it. Its only argument is the folder, as in
// supervisor-in-test.ts; it keeps one loop agent and prints a line when it has begun.

import { join } from "node:path";
import { stderrNotifier } from "../fallback/notice.ts";
import { startSupervisor } from "../supervisor.ts";
import { agentIn } from "./supervisor-in-test.ts";

const folder = process.argv[2] ?? "";
await startSupervisor({
  folder: join(folder, "supervisor"),
  agents: [agentIn(folder)],
  server: null,
  notifier: stderrNotifier,
  log: () => undefined,
});
console.log("begun");
