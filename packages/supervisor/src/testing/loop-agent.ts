// A small agent for tests, a real process: it beats to its supervisor from its loop, and misbehaves as its arguments say.
//
//   --every MS        the length of a cycle (default 50)
//   --crash-after N   exits with status 3 after N beats
//   --hang-after N    spins for ever after N beats
//   --finish-after N  announces its shutdown after N beats and ends with status 0
//   --only-once FILE  misbehaves only while FILE does not exist, and makes it
//   --ignore-term     does not end when it is asked to
//   --slow-end MS     when it is asked to end, asks for more time by leases, and ends after so long
//   --obey            hears no TERM, but ends when the answer to a beat says so
//   --children        starts a child, and one in a session of its own; both do nothing for an hour

import { spawn } from "node:child_process";
import { existsSync, writeFileSync } from "node:fs";
import { setTimeout as pause } from "node:timers/promises";
import { parseArgs } from "node:util";

const { values } = parseArgs({
  options: {
    every: { type: "string", default: "50" },
    "crash-after": { type: "string" },
    "hang-after": { type: "string" },
    "finish-after": { type: "string" },
    "only-once": { type: "string" },
    "ignore-term": { type: "boolean", default: false },
    "slow-end": { type: "string" },
    obey: { type: "boolean", default: false },
    children: { type: "boolean", default: false },
  },
});
const { MIDWATCH_URL: url, MIDWATCH_KEY: key, MIDWATCH_AGENT: agent, MIDWATCH_RUN_ID: runId } = process.env;
let seq = 0;

if (values["ignore-term"]) process.on("SIGTERM", () => console.log("no, I stay"));
if (values.obey) process.on("SIGTERM", () => undefined);
let endsAt = Infinity;
const slowEnd = values["slow-end"];
if (slowEnd !== undefined) process.on("SIGTERM", () => (endsAt = Math.min(endsAt, Date.now() + Number(slowEnd))));
if (values.children) {
  const idle = [process.execPath, "-e", "setTimeout(() => {}, 3_600_000)"] as const;
  spawn(idle[0], idle.slice(1), { stdio: "ignore" });
  spawn(idle[0], idle.slice(1), { stdio: "ignore", detached: true });
}
const { MIDWATCH_RESTART_REASON: reason = "none", MIDWATCH_TOMBSTONE: tombstone = "none" } = process.env;
console.log(`run ${runId} begins; restart reason: ${reason}; tombstone: ${tombstone}`);

for (;;) {
  if (Date.now() > endsAt) {
    console.log("ended in peace");
    process.exit(0);
  }
  await beat(endsAt === Infinity ? "ok" : "shutting_down");
  if (isDue("crash-after")) process.exit(3);
  if (isDue("hang-after")) for (;;);
  if (isDue("finish-after")) {
    await beat("shutting_down");
    process.exit(0);
  }
  await pause(Number(values.every));
}

function isDue(what: "crash-after" | "hang-after" | "finish-after"): boolean {
  const after = values[what];
  if (after === undefined || seq < Number(after)) return false;
  const mark = values["only-once"];
  if (mark === undefined) return true;
  if (existsSync(mark)) return false;
  writeFileSync(mark, "");
  return true;
}

/** Sends one beat; like an SDK it does not mind when nobody answers. */
async function beat(status: string): Promise<void> {
  seq += 1;
  const lease = status === "shutting_down" && endsAt !== Infinity ? { lease_s: 1 } : {};
  try {
    const response = await fetch(`${url}/api/v1/heartbeat`, {
      method: "POST",
      headers: { authorization: `Bearer ${key}`, "content-type": "application/json" },
      body: JSON.stringify({ agent, status, run_id: runId, instance: "loop", seq, tokens_used: 10, ...lease }),
      signal: AbortSignal.timeout(5_000),
    });
    const { directive, reason: why } = (await response.json()) as { directive?: string; reason?: string };
    console.log(`beat ${seq} answered ${response.status}`);
    if (values.obey && directive === "stop") {
      console.log(`told to stop: ${String(why)}`);
      process.exit(0);
    }
  } catch {
    // The supervisor is away; the loop goes on.
  }
}
