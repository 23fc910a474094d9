import type { Status } from "./beat-body.ts";
import { Midwatch, type BeatFields } from "./midwatch.ts";
import type { Directive } from "./reporter.ts";

export interface HeartbeatFields extends BeatFields {
  /** Else `MIDWATCH_URL`. */
  readonly url?: string | undefined;
  /** Else `MIDWATCH_KEY`. */
  readonly key?: string | undefined;
  /** Else `MIDWATCH_INTERVAL`. */
  readonly interval?: string | number | undefined;
}

/** Names beating from one process; the oldest is let go (its last beats are still delivered). */
const MAX_NAMES = 256;
const watches = new Map<string, Midwatch>();

/**
 * The plain call of a home-made set-up: `heartbeat("my-agent", { status: "ok", tokens_used: 1840 })`, or
 * `heartbeat("my-agent", "ok", 1840)`. Call it once per turn of the loop. Resolves within 250 ms; never rejects.
 */
export function heartbeat(agent: string, fields?: HeartbeatFields): Promise<Directive>;
export function heartbeat(agent: string, status: Status, tokens_used?: number): Promise<Directive>;
export function heartbeat(agent: string, given: HeartbeatFields | Status = {}, tokens_used = 0): Promise<Directive> {
  const fields = typeof given === "string" ? { status: given, tokens_used } : given;
  return watchOf(agent, fields).beat(fields);
}

function watchOf(agent: string, { url, key, interval }: HeartbeatFields): Midwatch {
  const id = JSON.stringify([agent, url, key, interval]);
  const known = watches.get(id);
  if (known !== undefined) return known;
  const watch = new Midwatch({ agent, url, key, interval });
  watches.set(id, watch);
  if (watches.size > MAX_NAMES) watches.delete(watches.keys().next().value ?? id);
  return watch;
}
