import { setImmediate as breath } from "node:timers/promises";
import { SECOND, type DurationMs, type Ms } from "@midwatch/core";
import type { OutboxRow, Store } from "@midwatch/store";
import type { Channel, SendOutcome } from "../channels/channel.ts";
import type { Log } from "../log.ts";
import { createHealthKeeper } from "./channel-health.ts";
import { createPlaces } from "./places.ts";
import { nextTry } from "./retry.ts";
import { messageOf } from "./stored-message.ts";

/*
 * Delivery performs what decisions wrote into the outbox. A row is claimed for half a minute, sent, and finished. Whoever
 * crashes between claiming and finishing leaves a row whose claim runs out: it is sent again, with the same key, so that nothing is
 * lost and a receiver can tell. The store hands out rows in order per agent and channel and keeps the next one back until
 * the one before is finished; here only the breadth is limited, per channel, so that a channel that hangs fills its own
 * few places and nobody else's. Channels are served in turn, so that a long line for one that answers at once, or is no longer
 * in the configuration, delays no other either.
 */

/** How long a claim lasts; longer than a try can, so that two workers never hold one row. */
const claimMs = 30 * SECOND;
/** The outer bound of one try; channels that use the network have a shorter one of their own. */
const tryLimitMs = 20 * SECOND;
/** Retries that became due are found this often. New rows do not wait for it: they call `wake`. */
const pollMs = SECOND;
/** What a stop grants to tries that are under way. */
const stopGraceMs = 3 * SECOND;
/** Sent rows whose finishing failed; remembered so that they are finished later and not sent again. */
const maxUnrecorded = 1_000;

export interface DeliveryOptions {
  readonly store: Pick<Store, "claimOutbox" | "finishOutbox" | "addOutbox" | "fact" | "putFact">;
  readonly channels: ReadonlyMap<string, Channel>;
  readonly now: () => Ms;
  /** From 0 up to 1; spreads retries. */
  readonly random: () => number;
  readonly log: Pick<Log, "warn" | "error">;
  /** Tries under way at once per channel; 4 unless given. At least 1. */
  readonly perChannel?: number;
}

export interface Delivery {
  /** Begins to look for due rows. */
  start(): void;
  /** Looks now: something was written, or a test moved the clock. */
  readonly wake: () => void;
  /** Resolves when everything that is due has been tried. */
  idle(): Promise<void>;
  /** Claims nothing more, lets tries under way end for up to 3 s, then interrupts them. They stay due. */
  stop(): Promise<void>;
}

export function createDelivery(options: DeliveryOptions): Delivery {
  const { store, now, log } = options;
  const places = createPlaces({ perChannel: options.perChannel ?? 4, now });
  const perform = createPerformer(options, places.rest);
  const stopping = new AbortController();
  const tries = new Set<Promise<void>>();
  let stopped = false;
  let looking: Promise<void> | null = null;
  let lookAgain = false;
  let timer: NodeJS.Timeout | null = null;

  /** Claims in rounds, in which each channel has one turn, until a round finds nothing that is due and has a place. */
  async function claimWhatFits(): Promise<void> {
    let served = new Set<string>();
    while (!stopped) {
      const at = now();
      const rows = await store.claimOutbox({ now: at, leaseUntil: at + claimMs, ...places.open(served) });
      if (rows.length === 0 && served.size === 0) return;
      if (rows.length === 0) served = new Set();
      for (const row of rows) {
        served.add(row.channel);
        begin(row);
      }
      // A store and a channel that both answer at once would otherwise keep everything else in this process waiting.
      await breath();
    }
  }

  function begin(row: OutboxRow): void {
    places.take(row.channel);
    const trying = perform(row, stopping.signal).finally(() => {
      places.free(row.channel);
      tries.delete(trying);
      // A place is free, and the next message of this agent may be due now.
      wake();
    });
    tries.add(trying);
  }

  function wake(): void {
    if (stopped) return;
    lookAgain = true;
    looking ??= look().finally(() => {
      looking = null;
      // Woken between the last look and here.
      if (lookAgain) wake();
    });
  }

  async function look(): Promise<void> {
    while (lookAgain && !stopped) {
      lookAgain = false;
      try {
        await claimWhatFits();
      } catch (error) {
        log.error({ err: error }, "could not read the outbox; notifications wait and are looked for again");
      }
    }
    lookAgain = false;
  }

  return {
    start: () => {
      timer ??= setInterval(wake, pollMs).unref();
      wake();
    },
    wake,
    idle: async () => {
      while (looking !== null || tries.size > 0) await Promise.all([looking, ...tries]);
    },
    stop: async () => {
      stopped = true;
      if (timer !== null) clearInterval(timer);
      await looking;
      const grace = setTimeout(() => stopping.abort(), stopGraceMs);
      await Promise.all(tries);
      clearTimeout(grace);
    },
  };
}

/** Makes the function that tries one claimed row and records what became of it. It never rejects. */
function createPerformer(
  { store, channels, now, random, log }: DeliveryOptions,
  rest: (channel: string, waitMs: DurationMs) => void,
) {
  const health = createHealthKeeper(store, [...channels.keys()]);
  const unrecorded = new Set<string>();

  async function attempt(row: OutboxRow, stopping: AbortSignal): Promise<SendOutcome> {
    if (unrecorded.has(row.key)) return { sent: true };
    const channel = channels.get(row.channel);
    if (channel === undefined) return final(`there is no channel "${row.channel}" in the configuration any more`);
    const message = messageOf(row);
    if (message === null) return final("the stored message cannot be read");
    try {
      const signal = AbortSignal.any([stopping, AbortSignal.timeout(tryLimitMs)]);
      return await channel.send(message, signal, row.earlierReceipt);
    } catch (error) {
      // Channels answer with outcomes; a rejection is a bug in one. It must not hold up the agent's later messages for ever.
      log.error({ err: error, key: row.key, channel: row.channel }, "a channel broke while sending");
      return { sent: false, retry: true, error: `the channel "${row.channel}" broke while sending; the log says how` };
    }
  }

  async function record(row: OutboxRow, outcome: SendOutcome, tookMs: DurationMs): Promise<void> {
    const at = now();
    if (outcome.sent) {
      if (unrecorded.size < maxUnrecorded) unrecorded.add(row.key);
      const { receipt, remark } = outcome;
      if (remark !== undefined) {
        log.warn({ channel: row.channel, key: row.key, remark }, "a notification was sent, but not as it should be");
      }
      await store.finishOutbox(row.id, { at, tookMs, sent: true, ...(receipt === undefined ? {} : { receipt }) });
      unrecorded.delete(row.key);
      await health.worked(row.channel);
      return;
    }
    const { error, retryAfterMs = 0 } = outcome;
    rest(row.channel, retryAfterMs);
    const retryAt = nextTry({ tries: row.attempts, writtenAt: row.at, now: at, outcome, random });
    log.warn({ channel: row.channel, key: row.key, error, retryAt }, "a notification was not delivered");
    // Before the row is finished: a crash in between repeats both, and the report's key makes that harmless.
    if (retryAt === null) await health.failedForGood({ channel: row.channel, lost: messageOf(row), error, at });
    await store.finishOutbox(row.id, { at, tookMs, sent: false, error, retryAt });
  }

  return async (row: OutboxRow, stopping: AbortSignal): Promise<void> => {
    try {
      const startedAt = performance.now();
      const outcome = await attempt(row, stopping);
      await record(row, outcome, performance.now() - startedAt);
    } catch (error) {
      log.error(
        { err: error, key: row.key },
        "a notification's outcome was not recorded; it is looked at again in half a minute",
      );
    }
  };
}

function final(error: string): SendOutcome {
  return { sent: false, retry: false, error };
}
