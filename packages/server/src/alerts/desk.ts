// Carries out what the rules of the desk decide: takes notices and due rows from the store, lets the pure `sitDown` of the
// core make messages of them, and writes these to the outbox, all in one transaction. A crash leaves the notices where
// they were. It works when it is woken and looks four times a second for what has become due.

import { sitDown, SECOND, type AlertMessage, type AlertRules, type DurationMs, type Ms } from "@midwatch/core";
import type { WebhookBody } from "@midwatch/protocol";
import type { DeskWork, DeskWrites, OutboxDraft, Store } from "@midwatch/store";
import type { Log } from "../log.ts";
import { storeAdvice } from "../store-trouble.ts";
import { noticeOf } from "./notice-of.ts";
import { noLinks, renderAlert, type AlertLinks } from "./render-alert.ts";

const everyMs: DurationMs = 250;
/** After a failure, so that a full disk is not asked four times a second. */
const afterFailureMs: DurationMs = SECOND;
/** Notices in one transaction: a thousand take some 50 ms, for which beats wait. */
const batchSize = 1_000;

export interface DeskDeps {
  readonly store: Pick<Store, "desk">;
  readonly rules: AlertRules;
  readonly links: AlertLinks;
  readonly now: () => Ms;
  readonly log: Pick<Log, "info" | "error">;
  /** Called after messages were written. */
  readonly wakeDelivery: () => void;
}

export interface Desk {
  /** Something was written, or a test moved the clock. */
  readonly wake: () => void;
  /** Resolves when everything that is due has been decided. */
  idle(): Promise<void>;
  /** Why nothing can be routed now, in words, or null. */
  readonly trouble: () => string | null;
  start(): void;
  /** Decides what waits, and then nothing more. */
  stop(): Promise<void>;
}

export function createDesk({ store, rules, links, now, log, wakeDelivery }: DeskDeps): Desk {
  let timer: NodeJS.Timeout | null = null;
  let working: Promise<void> | null = null;
  let again = false;
  let stopped = false;
  let trouble: string | null = null;

  async function work(): Promise<void> {
    while (again) {
      again = false;
      try {
        const at = now();
        let told = 0;
        const more = await store.desk({ now: at, limit: batchSize }, (waiting) => {
          const writes = decide(waiting, { now: at, rules, links, log });
          told = writes.outbox.length;
          return writes;
        });
        if (told > 0) wakeDelivery();
        again ||= more;
        if (trouble !== null) log.info({}, "routing notifications again");
        trouble = null;
      } catch (error) {
        // What waits stays where it is; only the change is worth a line.
        if (trouble === null) log.error({ err: error }, "cannot route notifications; trying again every second");
        trouble = storeAdvice(error);
      }
    }
  }

  function wake(): void {
    again = true;
    working ??= work().finally(() => {
      working = null;
      // Woken between the last look and here.
      if (again) wake();
    });
  }

  function schedule(): void {
    if (stopped) return;
    timer = setTimeout(
      () => {
        wake();
        schedule();
      },
      trouble === null ? everyMs : afterFailureMs,
    ).unref();
  }

  async function idle(): Promise<void> {
    while (working !== null) await working;
  }

  return {
    wake,
    idle,
    trouble: () => trouble,
    start: () => {
      wake();
      schedule();
    },
    stop: async () => {
      stopped = true;
      if (timer !== null) clearTimeout(timer);
      wake();
      await idle();
    },
  };
}

function decide(
  { notices, due, row }: DeskWork,
  given: Pick<DeskDeps, "rules" | "links" | "log"> & { readonly now: Ms },
): DeskWrites {
  const { now, rules, links, log } = given;
  const { rows, messages } = sitDown({ now, notices: notices.map(noticeOf), due, read: row }, rules);
  return {
    rows: [...rows.values()].filter((entry) => entry !== null),
    drop: [...rows].filter(([, entry]) => entry === null).map(([key]) => key),
    outbox: messages.flatMap((alert) => drafts(alert, links, log)),
    facts: [],
  };
}

/** One row per channel; its key is the message's and the channel's, so that no decision is sent twice. */
function drafts(alert: AlertMessage, links: AlertLinks, log: DeskDeps["log"]): OutboxDraft[] {
  const bodyFor = rendered(alert, links, log);
  const { id, agent, thread, at, channels } = alert;
  return channels.map((channel) => ({
    key: `${id}:${channel}`,
    channel,
    agent,
    thread,
    at,
    body: { ...bodyFor(channel) },
  }));
}

/** One that cannot be shown whole is told in its bare words: it must not keep all others from being routed for ever. */
function rendered(alert: AlertMessage, links: AlertLinks, log: DeskDeps["log"]): (channel: string) => WebhookBody {
  try {
    const bodyFor = renderAlert(alert, links);
    const bodies = new Map(alert.channels.map((channel) => [channel, bodyFor(channel)]));
    return (channel) => bodies.get(channel) ?? bodyFor(channel);
  } catch (error) {
    log.error({ err: error, id: alert.id }, "cannot show the details of a notification; it is sent without them");
    return renderAlert({ ...alert, members: [], detail: null }, noLinks);
  }
}
