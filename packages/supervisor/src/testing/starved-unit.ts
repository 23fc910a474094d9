// Run in a machine whose systemd has a unit `starved.service` that runs out of memory: keeps it for one life by its driver and
// prints what that saw, as one line of JSON.

import { writeFile } from "node:fs/promises";
import { setTimeout as pause } from "node:timers/promises";
import type { Observation } from "../target/platform-driver.ts";
import { openSystemdDriver } from "../systemd/systemd-driver.ts";

const driver = openSystemdDriver({
  unit: "starved",
  scope: "system",
  environmentFolder: "/run/midwatch",
  log: console.error,
});
let hints = 0;
driver.subscribe(() => (hints += 1));

const refusal = await driver.start({ runId: "r1", environment: { MIDWATCH_RUN_ID: "r1" } });
const running = await seen((now) => now.known && now.running !== null);
const evidence = await driver.evidence();
// What it waits for.
await writeFile("/run/midwatch/go", "");
// Looking meanwhile would leave nothing to be hinted at.
while (hints === 0) await pause(100);
const ended = await seen((now) => now.known && now.running === null && now.lastEnd !== null);
const lines = await driver.lastLines(20);
await driver.close();
console.log(`STARVED ${JSON.stringify({ refusal, running, evidence, ended, hints, lines })}`);

async function seen(is: (now: Observation) => boolean): Promise<Observation> {
  for (;;) {
    const now = await driver.observe();
    if (is(now)) return now;
    await pause(100);
  }
}
