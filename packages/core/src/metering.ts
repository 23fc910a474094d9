// The same call can be told of several times: by our proxy, in a log event, in a span, in the sum of a metric, and once
// more in the tokens of the beat that ends the cycle. Within one source a call is recognised by its key; between sources it
// cannot be. So for each provider one source counts, and what the others tell is kept beside it, to compare.
//
// The source that speaks first counts, and goes on counting for as long as it speaks: a second one that starts late must not
// double what the first has counted. Ten silent minutes or a new run end its turn; no source lags behind that long
// (metrics: a minute). A beat tells of all providers at once, so it gives way to any source that has counted in its cycle.

import type { CallSource } from "./call.ts";
import { MINUTE, type Ms } from "./time.ts";

/** A source that has said nothing for this long has ended its turn. */
const turnMs = 10 * MINUTE;
const maxProviders = 16;
/** What a beat tells is of every provider. */
const everyProvider = "*";

export type UsageSource = CallSource | "beat";

/** Who counts: by provider, the empty string for calls that name none. */
export type MeteringState = Readonly<Record<string, { readonly source: UsageSource; readonly at: Ms }>>;

export const emptyMetering: MeteringState = {};

export interface Claim {
  readonly source: UsageSource;
  /** Null when nothing names it; a beat names none. */
  readonly provider: string | null;
  readonly at: Ms;
  /** Of a beat: when the one before came. Whoever has counted since then counts in its cycle. */
  readonly since?: Ms | null;
}

/** Whether what a source tells is to be counted, and who counts from then on. */
export function claim(
  state: MeteringState,
  { source, provider, at, since }: Claim,
): { readonly counts: boolean; readonly state: MeteringState } {
  const own = source === "beat" ? everyProvider : (provider ?? "");
  for (const [of, turn] of Object.entries(state)) {
    const speaks = at - turn.at <= turnMs || (since !== undefined && turn.at > (since ?? 0));
    if (turn.source === source || !speaks) continue;
    if (of === own || of === everyProvider || own === everyProvider || of === "" || own === "") {
      return { counts: false, state };
    }
  }
  const entries = Object.entries(state).filter(([of, turn]) => of !== own && at - turn.at <= turnMs);
  // Many names for one agent's providers are no reason to remember them all; the oldest is forgotten.
  const kept = entries.slice(-(maxProviders - 1));
  const last = Object.hasOwn(state, own) ? (state[own]?.at ?? at) : at;
  return { counts: true, state: Object.fromEntries([...kept, [own, { source, at: Math.max(last, at) }]]) };
}

/** A new run has begun: only who has counted since the last beat of the one before may have told of it already. */
export function ofNewRun(state: MeteringState, lastBeatAt: Ms | null): MeteringState {
  return Object.fromEntries(Object.entries(state).filter(([, turn]) => turn.at > (lastBeatAt ?? -Infinity)));
}

/** Which sources have counted lately, for people who wonder where a number comes from. */
export function sourcesAt(state: MeteringState, at: Ms): readonly UsageSource[] {
  return [...new Set(Object.values(state).flatMap((turn) => (at - turn.at <= turnMs ? [turn.source] : [])))];
}
