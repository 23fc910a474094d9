// What is kept between a decision and a person: notices, what the desk remembers, the outbox with its tries, silences, used links.

import type { DurationMs, IncidentKind, Ms } from "@midwatch/core";

/** A notification to be delivered, written with the decision that caused it. */
export interface OutboxDraft {
  /** The idempotency key; the same key is never written twice. */
  readonly key: string;
  readonly channel: string;
  readonly agent: string | null;
  /** What it belongs to; null where nothing follows. */
  readonly thread?: string | null;
  readonly at: Ms;
  /** The message as it is sent, JSON-able. */
  readonly body: Readonly<Record<string, unknown>>;
}

/** Something to tell, as it was decided; who is told, and when, is the desk's business. */
export interface NoticeDraft {
  /** The same key does not wait twice. */
  readonly key: string;
  readonly at: Ms;
  readonly body: Readonly<Record<string, unknown>>;
}

export interface NoticeRow extends NoticeDraft {
  readonly id: number;
}

/** Something the desk remembers: a thread, a group, what is held back. */
export interface DeskRow {
  readonly key: string;
  /** When there is something to do again; null when only a notice can change it. */
  readonly nextAt: Ms | null;
  readonly body: Readonly<Record<string, unknown>>;
}

export interface DeskWork {
  /** In the order in which they were written. */
  readonly notices: readonly NoticeRow[];
  /** Rows whose time has come, earliest first. */
  readonly due: readonly DeskRow[];
  readonly row: (key: string) => DeskRow | null;
}

export interface DeskWrites {
  readonly rows: readonly DeskRow[];
  /** Keys of rows that are no longer needed. */
  readonly drop: readonly string[];
  readonly outbox: readonly OutboxDraft[];
  readonly facts: readonly { readonly key: string; readonly value: string }[];
}

/** Whom and what a silence is about; every part that is given must fit. Globs for agents. */
export interface SilenceMatch {
  readonly agents?: readonly string[];
  readonly tags?: readonly string[];
  readonly kinds?: readonly IncidentKind[];
}

export interface SilenceDraft {
  readonly match: SilenceMatch;
  readonly from: Ms;
  readonly until: Ms;
  readonly reason: string;
  readonly by: string;
  readonly createdAt: Ms;
}

export interface SilenceRow extends SilenceDraft {
  readonly id: number;
  /** Somebody ended it before its time. */
  readonly endedAt: Ms | null;
  readonly endedBy: string | null;
}

/** A link in a message that somebody has used. */
export interface UsedLink {
  readonly at: Ms;
  readonly by: string;
  /** In words; null while it is being done. */
  readonly outcome: string | null;
}

export interface OutboxRow extends OutboxDraft {
  readonly id: number;
  readonly attempts: number;
  readonly state: "waiting" | "claimed" | "sent" | "failed";
  readonly nextAt: Ms;
  readonly lastError: string | null;
  /** What the channel said of the last message of the same thread that it sent; null when there is none. */
  readonly earlierReceipt: string | null;
  /** When it was sent or given up. */
  readonly finishedAt: Ms | null;
}

/** One try to deliver. */
export interface Attempt {
  /** From 1 on. */
  readonly n: number;
  /** When it ended. */
  readonly at: Ms;
  readonly tookMs: DurationMs;
  /** Null when it was sent. */
  readonly error: string | null;
  /** Null when there is no other try. */
  readonly retryAt: Ms | null;
}

/** What became of a try. `tookMs` is its length. */
export type DeliveryOutcome =
  | { readonly at: Ms; readonly tookMs: DurationMs; readonly sent: true; readonly receipt?: string }
  | {
      readonly at: Ms;
      readonly tookMs: DurationMs;
      readonly sent: false;
      readonly error: string;
      readonly retryAt: Ms | null;
    };

export interface OutboxLag {
  readonly waiting: number;
  /** Age of the oldest that waits. */
  readonly oldestMs: DurationMs;
  /** Given up, and still kept. */
  readonly failed: number;
}
