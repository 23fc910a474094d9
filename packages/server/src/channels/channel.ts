import type { LookupFunction } from "node:net";
import type { Writable } from "node:stream";
import type { DurationMs, Ms } from "@midwatch/core";
import type { WebhookBody } from "@midwatch/protocol";

/**
 * Where notifications go. A channel is a folder one can copy: it reads its own settings, renders a message the way its
 * readers expect, and says what became of it. When to try again, and in which order, is the outbox's business.
 */
export interface Channel {
  /** The name the operator gave it under `channels:`. */
  readonly name: string;
  /**
   * Tries once. Never rejects for what the world does: every failure is an outcome. `message.id` is the idempotency key and is the
   * same on every try. When `signal` aborts, the channel lets go at once and the outcome asks for a retry.
   */
  send(message: WebhookBody, signal: AbortSignal, receipt?: string | null): Promise<SendOutcome>;
  /**
   * True when a message that was sent can be changed. Such a channel also gets `incident.updated`, with the receipt of the
   * last message of the same thread in `receipt`; without one it sends the update as a message of its own.
   */
  readonly canUpdate?: boolean;
  /**
   * True when something can be made of it that somebody looks after what was told: a service acknowledges it, a phone stops ringing, a
   * message says so. Such a channel also gets `incident.acknowledged`, with the receipt of the last message of the same thread.
   * It calls nobody, and never becomes a message that people have to read.
   */
  readonly hearsAcknowledgements?: boolean;
}

export type SendOutcome =
  | {
      readonly sent: true;
      /** What names the message at the receiver, so that it can be changed later; at most 1,000 characters. */
      readonly receipt?: string;
      /** For the log, when something of it was not as it should be: which of several recipients did not get it, and why. */
      readonly remark?: string;
    }
  | {
      readonly sent: false;
      /** False when trying again cannot help: the address, the key or the message itself was refused. */
      readonly retry: boolean;
      /** The least wait the other side asked for. */
      readonly retryAfterMs?: DurationMs;
      /** For people: who answered what, and what to do. Holds no secret: a host, never a path or a key. */
      readonly error: string;
    };

/** A try that was not to be finished; the message is told after the next start. */
export const interrupted: SendOutcome = {
  sent: false,
  retry: true,
  error: "interrupted while sending: Midwatch was stopping",
};

/** What a channel needs from around it. Passed in, so that tests can bring their own clock, resolver and stream. */
export interface ChannelSurroundings {
  /** Where the console channel writes. */
  readonly stream: Writable;
  readonly now: () => Ms;
  /** Programs may be run: the configuration says `server: { allow_exec: true }`. False unless given. */
  readonly allowExec?: boolean;
  /** Name resolution; `dns.lookup` unless given. */
  readonly lookup?: LookupFunction;
  /** From the first byte to the last of one try; 10 s unless given, for mail 18 s. */
  readonly timeoutMs?: DurationMs;
  /** A mail with pictures, for what is better seen than read; null where the channel's own rendering will do. */
  readonly renderMail?: (message: WebhookBody) => Promise<MailBody | null>;
}

/** What an e-mail shows, as somebody else rendered it. */
export interface MailBody {
  /** The message's own headline unless given. */
  readonly subject?: string;
  readonly text: string;
  /** A whole document that loads nothing; a picture is `src="cid:…"`. */
  readonly html: string;
  readonly pictures: readonly MailPicture[];
}

export interface MailPicture {
  /** What the document calls it after `cid:`. */
  readonly cid: string;
  /** Its file name when somebody saves it. */
  readonly name: string;
  readonly png: Buffer;
  /** What it shows, in words. */
  readonly alt: string;
}

/** One thing wrong with a channel's settings, for a person: where, and what to do. */
export interface ChannelConfigError {
  readonly path: string;
  readonly message: string;
}

export type ChannelResult =
  | { readonly ok: true; readonly channel: Channel }
  | { readonly ok: false; readonly errors: readonly ChannelConfigError[] };
