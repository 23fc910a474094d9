// A test's agent: beats from its loop by the plainest means, writes its process id where the test looks for it, and hangs when told.

import { appendFileSync, existsSync } from "node:fs";
import { setTimeout as sleep } from "node:timers/promises";

const [lives = "", hangWhen = ""] = process.argv.slice(2);
const { MIDWATCH_URL = "", MIDWATCH_KEY = "", MIDWATCH_AGENT = "beater", MIDWATCH_RUN_ID } = process.env;

appendFileSync(lives, `${process.pid}\n`);
for (let seq = 1; ; seq += 1) {
  if (hangWhen !== "" && existsSync(hangWhen)) for (;;);
  await fetch(`${MIDWATCH_URL}/api/v1/heartbeat`, {
    method: "POST",
    headers: { "content-type": "application/json", authorization: `Bearer ${MIDWATCH_KEY}` },
    body: JSON.stringify({
      agent: MIDWATCH_AGENT,
      run_id: MIDWATCH_RUN_ID,
      seq,
      status: "ok",
      tokens_used: 10,
      ts: Date.now() / 1000,
    }),
  }).catch(() => undefined);
  await sleep(200);
}
