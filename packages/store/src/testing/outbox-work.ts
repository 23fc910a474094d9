import type { Store } from "../store.ts";
import { morning } from "./fixture.ts";

/** Delivers what is due now, a few at a time, and tells of each row whether it came in its turn. */
export async function work(store: Store): Promise<readonly string[]> {
  const told: string[] = [];
  const look = { now: morning, leaseUntil: morning + 60_000, limit: 3 };
  for (let rows = await store.claimOutbox(look); rows.length > 0; rows = await store.claimOutbox(look)) {
    for (const { id, key, channel, agent } of rows) {
      // What is finished stays finished, so this is as true as it was when the row was claimed.
      const line = await store.outbox({ limit: 1_000, cursor: null, channel, ...(agent === null ? {} : { agent }) });
      const overtaken = line.items.some((row) => row.agent === agent && row.id < id && row.finishedAt === null);
      told.push(`${overtaken ? "overtook" : "held"} ${key}`);
      await store.finishOutbox(id, { sent: true, at: morning, tookMs: 1 });
    }
  }
  return told;
}
