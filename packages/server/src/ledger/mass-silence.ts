// Mass silence is one alert. A hundred agents that fall silent together have one cause, a network or a host, and a
// hundred pages hide it. So each time agents go down the fleet is counted: when the agents that have lately gone
// late or down are at least 5, and at least half of those that were up before, one notice speaks for all. Agents that
// go down while it lasts join it without a word. Their recoveries are told of together too: when the last one is back,
// or a minute after the first one is, so that one agent that stays dead does not keep the good news from anyone.
//
// "Lately" matters: agents that were already down last week neither make today's silence common nor hide it. The rule
// is pure; the caller gives it the counts and keeps the episode it returns.

import { MINUTE, type DurationMs, type Ms } from "@midwatch/core";

/** Fewer agents than this never make a common cause: each gets its own notice. */
const atLeast = 5;
/** Silences that began further apart than this have nothing to do with each other. */
export const togetherMs: DurationMs = 15 * MINUTE;
/** How long the first that is back waits for the others before it is told of. */
const returnMs: DurationMs = MINUTE;

/** A common silence, from its first notice until it was told that it is over. Plain data; survives a restart. */
export interface Episode {
  readonly id: string;
  readonly startedAt: Ms;
  readonly lastJoinAt: Ms;
  /** All whose own notices it replaced. */
  readonly joined: number;
  /** Those of them who are still silent. */
  readonly members: readonly string[];
  readonly firstBackAt: Ms | null;
}

export interface Silence {
  readonly now: Ms;
  /** Agents whose `silent` opens now. */
  readonly goingDown: readonly string[];
  /** Agents that went late or down within `togetherMs`, those of `goingDown` included. */
  readonly silentLately: number;
  /** Agents that are up now. */
  readonly up: number;
}

export interface Verdict {
  /** `each`: every agent gets its own notice; `common`: one notice for all; `joined`: they join the one already sent. */
  readonly notice: "each" | "common" | "joined";
  readonly episode: Episode | null;
}

/** Decides how the agents that go down now are told of. */
export function judgeSilence(silence: Silence, current: Episode | null): Verdict {
  const { now, goingDown, silentLately, up } = silence;
  if (goingDown.length === 0) return { notice: "each", episode: current };
  if (current && current.firstBackAt === null && now - current.lastJoinAt <= togetherMs) {
    const members = [...new Set([...current.members, ...goingDown])];
    const joined = current.joined + members.length - current.members.length;
    return { notice: "joined", episode: { ...current, lastJoinAt: now, joined, members } };
  }
  const common = silentLately >= atLeast && silentLately * 2 >= silentLately + up;
  if (!common || current) return { notice: "each", episode: current };
  return {
    notice: "common",
    episode: {
      id: `${now}`,
      startedAt: now,
      lastJoinAt: now,
      joined: goingDown.length,
      members: [...goingDown],
      firstBackAt: null,
    },
  };
}

/** Some members beat again: their own recovery notices are replaced by a common one, sent by `isOver`. */
export function noteReturns(names: readonly string[], current: Episode, now: Ms): Episode {
  const back = new Set(names);
  return {
    ...current,
    members: current.members.filter((name) => !back.has(name)),
    firstBackAt: current.firstBackAt ?? now,
  };
}

/** True when the common silence can be told as over: all are back, or the first has been back for a minute. */
export function isOver(current: Episode, now: Ms): boolean {
  return current.firstBackAt !== null && (current.members.length === 0 || now - current.firstBackAt >= returnMs);
}
