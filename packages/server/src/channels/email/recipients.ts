import { MINUTE, type DurationMs, type Ms } from "@midwatch/core";
import type { SendOutcome } from "../channel.ts";
import type { Failed } from "./mail-failure.ts";
import type { HandedOver, RefusedRecipient } from "./smtp-delivery.ts";

/*
 * One message has several recipients, and a server judges each by itself. Whoever has it does not get it again because another one's
 * mailbox was busy: that is remembered between the tries of a message. It is forgotten when Midwatch is started again; then
 * everybody gets it once more, with the same Message-ID.
 *
 * A recipient who is busy for long must not keep the agent's next messages from the others, since the outbox sends them in order. So
 * after a quarter of an hour, which is what greylisting needs, the message counts as sent and the log says who is missing.
 */

const waitForTheRestMs: DurationMs = 15 * MINUTE;
/** Messages that some have and others not; the oldest is forgotten first. */
const maxRemembered = 500;

interface Progress {
  readonly since: Ms;
  readonly done: ReadonlySet<string>;
  readonly refused: readonly RefusedRecipient[];
}

export interface RecipientBook {
  /** Who still has to get it. */
  pending(messageId: string): readonly string[];
  settle(messageId: string, handedOver: HandedOver): SendOutcome;
}

export interface RecipientBookOptions {
  readonly addresses: readonly string[];
  readonly now: () => Ms;
  /** One refusal in words, without secrets. */
  readonly words: (refused: RefusedRecipient) => string;
  /** Nobody got it: what that means. */
  readonly nobody: (refused: readonly RefusedRecipient[]) => Failed;
}

export function createRecipientBook({ addresses, now, words, nobody }: RecipientBookOptions): RecipientBook {
  const underWay = new Map<string, Progress>();
  const list = (refused: readonly RefusedRecipient[]): string =>
    refused.map((one) => `${one.address} (${words(one)})`).join(", ");

  return {
    pending: (messageId) => {
      const progress = underWay.get(messageId);
      if (progress === undefined) return addresses;
      return addresses.filter(
        (address) => !progress.done.has(address) && !progress.refused.some((one) => one.address === address),
      );
    },
    settle: (messageId, { accepted, refused }) => {
      const before = underWay.get(messageId) ?? { since: now(), done: new Set(), refused: [] };
      const done = new Set([...before.done, ...accepted]);
      if (done.size === 0) return nobody(refused);
      const forNow = refused.filter(({ code }) => code < 500);
      const forGood = [...before.refused, ...refused.filter(({ code }) => code >= 500)];
      underWay.delete(messageId);
      if (forNow.length > 0 && now() - before.since < waitForTheRestMs) {
        underWay.set(messageId, { since: before.since, done, refused: forGood });
        const oldest = underWay.keys().next().value;
        if (underWay.size > maxRemembered && oldest !== undefined) underWay.delete(oldest);
        return {
          sent: false,
          retry: true,
          error: `${done.size} of ${addresses.length} have it; not yet ${list(forNow)}`,
        };
      }
      const without = [...forGood, ...forNow];
      return without.length === 0 ? { sent: true } : { sent: true, remark: `not delivered to ${list(without)}` };
    },
  };
}
