import { Midwatch, type BeatFields } from "./midwatch.ts";
import type { Directive } from "./reporter.ts";
import type { MidwatchOptions } from "./settings.ts";

export interface HeartbeatFields extends BeatFields, Pick<MidwatchOptions, "url" | "key" | "interval"> {}

/** Names beating from one process; the oldest is let go (its last beats are still delivered). */
const MAX_NAMES = 256;
const watches = new Map<string, Midwatch>();

/**
 * The plain call of a home-made set-up: `heartbeat("my-agent", { status: "ok", tokens_used: 1840 })`. Call it once per turn of
 * the loop. Resolves with the latest directive within 250 ms; never rejects. `url`, `key` and `interval` default to `MIDWATCH_*`.
 */
export function heartbeat(agent?: string, fields: HeartbeatFields = {}): Promise<Directive> {
  return watchOf(agent, fields).beat(fields);
}

function watchOf(agent: string | undefined, { url, key, interval }: HeartbeatFields): Midwatch {
  const id = JSON.stringify([agent, url, key, interval]);
  const known = watches.get(id);
  if (known !== undefined) return known;
  const watch = new Midwatch({ agent, url, key, interval });
  watches.set(id, watch);
  if (watches.size > MAX_NAMES) watches.delete(watches.keys().next().value ?? id);
  return watch;
}
