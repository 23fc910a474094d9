// A second process that delivers: claims and finishes until everything that will be written is finished. Whenever it holds a row
// it looks whether an older one of the same line is unfinished, and prints what it finds: `held KEY`, or `overtook KEY`.

import { setTimeout as pause } from "node:timers/promises";
import { openSqliteStore } from "../sqlite/open.ts";
import { morning } from "./fixture.ts";
import { work } from "./outbox-work.ts";

const [file = "", total = "0"] = process.argv.slice(2);

const store = await openSqliteStore({ file, busyTimeoutMs: 20_000 });
for (;;) {
  for (const line of await work(store)) console.log(line);
  const finished = (await store.outbox({ limit: Number(total), cursor: null, state: "sent" })).items.length;
  if (finished === Number(total)) break;
  if ((await store.outboxLag(morning)).size === 0) await pause(5);
}
await store.close();
