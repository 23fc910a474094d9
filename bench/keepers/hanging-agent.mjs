// An agent in Node.js that beats from its loop, once a second, and whose loop spins for ever after the fifth beat. Its next life
// behaves. Called with a file, to which each life adds a line, and a file for what the
// keeper said to its last beat before it hangs: when it expects the next one.

import { appendFileSync, readFileSync, writeFileSync } from "node:fs";
import { setTimeout as sleep } from "node:timers/promises";

const [stamps, nextBeatBy] = process.argv.slice(2);
appendFileSync(stamps, `${process.pid}\n`);
const lives = readFileSync(stamps, "utf8").trim().split("\n").length;
const { MIDWATCH_URL: url, MIDWATCH_KEY: key, MIDWATCH_AGENT: agent, MIDWATCH_RUN_ID: run_id } = process.env;

for (let seq = 1; ; seq += 1) {
  const headers = { "content-type": "application/json", authorization: `Bearer ${key}` };
  const body = JSON.stringify({ agent, run_id, seq, status: "ok", tokens_used: 0 });
  const answer = await fetch(new URL("/api/v1/heartbeat", url), { method: "POST", headers, body });
  if (lives === 1) writeFileSync(nextBeatBy, (await answer.json()).next_beat_by);
  if (lives === 1 && seq === 5) for (;;);
  await sleep(900);
}
