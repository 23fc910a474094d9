// What comes within a moment is gathered before it is told, so that what belongs together can be found.

import type { Ms } from "../time.ts";
import type { AlertNotice } from "./notice.ts";
import { keep, recall, threadKey, type Sitting } from "./sitting.ts";
import type { Thread } from "./thread.ts";

/** Gathering ends at the latest after so many times its length, however many more come. */
const gatherAtMost = 2;

export interface Gathered {
  readonly threads: readonly string[];
  /** What is over already, of those. */
  readonly ended: readonly AlertNotice[];
  readonly firstAt: Ms;
  readonly until: Ms;
}

export const gatherKey = "gathering";

export function gather(sitting: Sitting, thread: Thread): void {
  const { now, rules } = sitting;
  const before = recall<Gathered>(sitting, gatherKey);
  const firstAt = before?.firstAt ?? now;
  const until = Math.min(now + rules.gatherMs, firstAt + gatherAtMost * rules.gatherMs);
  const threads = [...(before?.threads ?? []), thread.id];
  const gathered: Gathered = { threads, ended: before?.ended ?? [], firstAt, until };
  keep(sitting, gatherKey, gathered, until);
  // Its own row does nothing by itself; `until` says so for whoever reads it.
  keep(sitting, threadKey(thread.id), { ...thread, hold: { why: "gathering", until, note: "" } }, null);
}

/** It is over while it is gathered: that is told when the gathering ends, after its beginning. */
export function gatherEnd(sitting: Sitting, notice: AlertNotice): void {
  const gathered = recall<Gathered>(sitting, gatherKey);
  if (gathered !== null) {
    keep(sitting, gatherKey, { ...gathered, ended: [...gathered.ended, notice] }, gathered.until);
  }
}
