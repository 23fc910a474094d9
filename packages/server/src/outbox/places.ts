import { MINUTE, type DurationMs, type Ms } from "@midwatch/core";

/*
 * How much of each channel is in use. A channel has a few places for tries under way, and rests when its receiver asks for
 * patience: the receiver does not care which agent a message is about. The message that was refused waits for as long as
 * was asked; the channel as a whole rests for ten minutes at most, so that a receiver's mistake does not silence it for a day.
 */

const longestRestMs: DurationMs = 10 * MINUTE;

export interface Places {
  /** What a claim may take: no channel without a place or of those `served` already, and no more rows than fit into any other. */
  open(served: ReadonlySet<string>): { readonly limit: number; readonly excludeChannels: readonly string[] };
  take(channel: string): void;
  free(channel: string): void;
  readonly rest: (channel: string, waitMs: DurationMs) => void;
}

export function createPlaces({ perChannel, now }: { readonly perChannel: number; readonly now: () => Ms }): Places {
  const underWay = new Map<string, number>();
  const restUntil = new Map<string, Ms>();

  function addTry(channel: string, by: 1 | -1): void {
    const tries = (underWay.get(channel) ?? 0) + by;
    if (tries === 0) underWay.delete(channel);
    else underWay.set(channel, tries);
  }

  return {
    open: (served) => {
      for (const [channel, until] of restUntil) if (until <= now()) restUntil.delete(channel);
      const full = [...underWay].filter(([, tries]) => tries >= perChannel).map(([channel]) => channel);
      const excluded = new Set([...served, ...restUntil.keys(), ...full]);
      const inUse = [...underWay].filter(([channel]) => !excluded.has(channel)).map(([, tries]) => tries);
      return { limit: perChannel - Math.max(0, ...inUse), excludeChannels: [...excluded] };
    },
    take: (channel) => {
      addTry(channel, 1);
    },
    free: (channel) => {
      addTry(channel, -1);
    },
    rest: (channel, waitMs) => {
      if (waitMs <= 0) return;
      restUntil.set(channel, Math.max(restUntil.get(channel) ?? 0, now() + Math.min(waitMs, longestRestMs)));
    },
  };
}
