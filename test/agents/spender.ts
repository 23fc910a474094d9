// An agent that knows nothing of the SDK: each turn it calls a model where its environment says, and beats by a plain POST. It
// goes on trying whatever it is answered. Its argument is a file in which it writes down its lives.

import { appendFileSync } from "node:fs";
import { setTimeout as pause } from "node:timers/promises";

const [lives = ""] = process.argv.slice(2);
appendFileSync(lives, `${process.pid}\n`);

const { OPENAI_BASE_URL = "", MIDWATCH_URL = "", MIDWATCH_KEY = "", MIDWATCH_RUN_ID = "" } = process.env;

async function post(url: string, body: object, key: string): Promise<void> {
  const headers = { "content-type": "application/json", authorization: `Bearer ${key}` };
  const answer = await fetch(url, { method: "POST", headers, body: JSON.stringify(body) }).catch(() => null);
  await answer?.text();
}

for (let seq = 1; ; seq += 1) {
  await post(`${OPENAI_BASE_URL}/chat/completions`, { model: "stand-in", messages: [] }, "sk-test");
  await post(
    `${MIDWATCH_URL}/api/v1/heartbeat`,
    { agent: "bot", run_id: MIDWATCH_RUN_ID, instance: "a", seq, cycle: seq, cycle_ms: 1 },
    MIDWATCH_KEY,
  );
  await pause(50);
}
