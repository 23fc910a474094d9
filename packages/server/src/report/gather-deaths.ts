// How much memory a run held on its way to its end: from hours where it lived long, from single beats where it did not.

import { deathsIn, HOUR, type Death, type HourFacts, type SlowFacts } from "@midwatch/core";
import type { Store } from "@midwatch/store";

/** The last of a run: enough to see it grow. */
const maxBeats = 500;
/** Deaths whose memory is read; more say nothing new. */
const maxDeaths = 10;
/** A run shorter than this has too few hours to see it grow. */
const shortRunMs = 12 * HOUR;

export async function deathsOf(
  agent: string,
  slow: Pick<SlowFacts, "history" | "hours">,
  store: Pick<Store, "beats">,
): Promise<readonly Death[]> {
  const deaths: Death[] = [];
  for (const death of deathsIn(slow.history).slice(-maxDeaths)) {
    const isShort = death.at - death.from < shortRunMs;
    deaths.push({
      ...death,
      memory: isShort ? await memoryInBeats(agent, death, store) : memoryInHours(slow.hours, death),
    });
  }
  return deaths;
}

function memoryInHours(hours: readonly HourFacts[], { from, at }: Pick<Death, "from" | "at">): Death["memory"] {
  return hours.flatMap(({ hour, maxMemoryBytes: bytes }) =>
    bytes === null || hour < from || hour >= at ? [] : [{ at: hour, bytes }],
  );
}

async function memoryInBeats(
  agent: string,
  { from, at }: Pick<Death, "from" | "at">,
  store: Pick<Store, "beats">,
): Promise<Death["memory"]> {
  const { items } = await store.beats(agent, { from, to: at + 1, limit: maxBeats, cursor: null });
  return items
    .flatMap((beat) => (beat.memoryBytes === null ? [] : [{ at: beat.at, bytes: beat.memoryBytes }]))
    .toReversed();
}
