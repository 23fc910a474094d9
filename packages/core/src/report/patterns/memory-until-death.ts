import { spellDuration } from "../../spell.ts";
import type { Ms } from "../../time.ts";
import type { Pattern } from "./pattern.ts";
import { spellBytes } from "./pattern-words.ts";
import type { Death } from "./slow-facts.ts";
import { chanceOfRise, median } from "./statistics.ts";

/*
 * Memory that grows until the process dies. One such run may be bad luck; when most of the runs that died had grown steadily
 * and were at their largest when they died, it is a leak, whatever the exit status says.
 */

const fewestDeaths = 2;
const fewestSamples = 6;
const leastGrowth = 1.5;
const mostChance = 1e-3;
/** At death it holds nearly the most it ever held: it did not grow, let go, and die of something else. */
const nearPeak = 0.9;
const maxLines = 6;

export interface MemoryDeaths {
  readonly pattern: Pattern;
  readonly explains: (at: Ms) => boolean;
}

interface Growth {
  readonly death: Death;
  readonly before: number;
  readonly last: number;
}

export function memoryUntilDeath(deaths: readonly Death[]): MemoryDeaths | null {
  const told = deaths.filter(({ memory }) => memory.length >= fewestSamples);
  const grown = told.flatMap((death) => growthOf(death) ?? []);
  if (grown.length < fewestDeaths || grown.length * 2 < told.length) return null;
  const latest = grown.at(-1);
  const peak = median(grown.map(({ last }) => last));
  return {
    pattern: {
      kind: "memory-until-death",
      title: `memory grows until the process dies, ${grown.length} times at about ${spellBytes(peak)}`,
      evidence: grown
        .slice(-maxLines)
        .map(
          ({ death, before, last }) =>
            `${spellBytes(before)} → ${spellBytes(last)} in ${spellDuration(death.at - death.from)}, then ${death.cause}`,
        ),
      next: `Find what is kept between cycles: caches without a bound, histories, handles that are not closed. Until that is mended, restart it on your own terms before it reaches ${spellBytes(peak)}.`,
      series: (latest?.death.memory ?? []).map(({ at, bytes }) => ({ at, value: bytes })),
      unit: "bytes",
    },
    explains: (at) => grown.some(({ death }) => death.at === at),
  };
}

function growthOf(death: Death): Growth | null {
  const bytes = death.memory.map((sample) => sample.bytes);
  const last = bytes.at(-1) ?? 0;
  const before = median(bytes.slice(0, Math.max(2, Math.floor(bytes.length / 4))));
  const isLargest = last >= nearPeak * Math.max(...bytes);
  if (last < leastGrowth * before || !isLargest || chanceOfRise(bytes) > mostChance) return null;
  return { death, before, last };
}
