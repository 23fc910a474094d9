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
}

export type SendOutcome =
  | {
      readonly sent: true;
      /** What names the message at the receiver, so that it can be changed later; at most 1,000 characters. */
      readonly receipt?: string;
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

/** What a channel needs from around it. Passed in, so that tests can bring their own clock, resolver and stream. */
export interface ChannelSurroundings {
  /** Where the console channel writes. */
  readonly stream: Writable;
  readonly now: () => Ms;
  /** Programs may be run: the configuration says `server: { allow_exec: true }`. False unless given. */
  readonly allowExec?: boolean;
  /** Name resolution; `dns.lookup` unless given. */
  readonly lookup?: LookupFunction;
  /** From the first byte to the last of one try; 10 s unless given. */
  readonly timeoutMs?: DurationMs;
}

/** One thing wrong with a channel's settings, for a person: where, and what to do. */
export interface ChannelConfigError {
  readonly path: string;
  readonly message: string;
}

export type ChannelResult =
  | { readonly ok: true; readonly channel: Channel }
  | { readonly ok: false; readonly errors: readonly ChannelConfigError[] };
