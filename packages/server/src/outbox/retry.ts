import { DAY, HOUR, SECOND, type DurationMs, type Ms } from "@midwatch/core";
import type { SendOutcome } from "../channels/channel.ts";

/*
 * When a notification that failed is tried again. The wait doubles from 5 s to 1 h, and the real wait is drawn evenly from
 * nothing to that ("full jitter"): a receiver that comes back after an outage is then met by a trickle and not by
 * everything that waited, all at once. After a day the notification is given up, because by then a person knows or it is
 * history. One that waited because Midwatch itself was down still gets its few tries.
 */

const firstWaitMs: DurationMs = 5 * SECOND;
const longestWaitMs: DurationMs = HOUR;
const giveUpAfterMs: DurationMs = DAY;
/** Tries before age alone is a reason to give up. */
const fewestTries = 5;

export interface FailedTry {
  /** Failed tries so far, this one included; at least 1. */
  readonly tries: number;
  /** When the notification was written. */
  readonly writtenAt: Ms;
  readonly now: Ms;
  readonly outcome: Extract<SendOutcome, { sent: false }>;
  /** From 0 up to 1. */
  readonly random: () => number;
}

/** The time of the next try, or null when there is none. Never sooner than the receiver asked for, and never within a second. */
export function nextTry({ tries, writtenAt, now, outcome, random }: FailedTry): Ms | null {
  if (!outcome.retry) return null;
  const giveUpAt = tries < fewestTries ? Infinity : writtenAt + giveUpAfterMs;
  if (now >= giveUpAt) return null;
  const most = Math.min(longestWaitMs, firstWaitMs * 2 ** (tries - 1));
  const wait = Math.max(SECOND, Math.floor(random() * most));
  // The last try is made exactly when the day is over, so that a long wait never cuts the day short; unless the receiver asked
  // for longer: then it is made when the receiver said.
  return Math.max(Math.min(now + wait, giveUpAt), now + (outcome.retryAfterMs ?? 0));
}
