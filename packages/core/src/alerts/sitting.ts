import type { Ms } from "../time.ts";
import type { AlertMessage } from "./message.ts";
import type { AlertRules } from "./rules.ts";

/** A row of the desk's memory: plain data under a key, and when to look at it again. */
export interface DeskEntry {
  readonly key: string;
  readonly nextAt: Ms | null;
  readonly body: Readonly<Record<string, unknown>>;
}

/** One turn of the desk: what it may read, and what it has decided so far. Nothing leaves it before the turn is over. */
export interface Sitting {
  readonly now: Ms;
  readonly rules: AlertRules;
  readonly read: (key: string) => DeskEntry | null;
  /** Changed rows by key; null takes one away. */
  readonly changed: Map<string, DeskEntry | null>;
  readonly messages: AlertMessage[];
  /** Groups of which more is known than was told. */
  readonly touched: Set<string>;
  /** Threads that quiet hours held and that are told together now. */
  readonly afterQuiet: Map<string, string[]>;
}

/** Rows are written by this folder only, so what is under a key has its shape. */
// eslint-disable-next-line @typescript-eslint/no-unnecessary-type-parameters -- the key decides the shape; a caller names it
export function recall<T>(sitting: Sitting, key: string): T | null {
  const entry = sitting.changed.has(key) ? (sitting.changed.get(key) ?? null) : sitting.read(key);
  return entry === null ? null : (entry.body as T);
}

export function keep(sitting: Sitting, key: string, body: object, nextAt: Ms | null): void {
  sitting.changed.set(key, { key, nextAt, body: body as DeskEntry["body"] });
}

export function forgetRow(sitting: Sitting, key: string): void {
  sitting.changed.set(key, null);
}

export function say(sitting: Sitting, message: Omit<AlertMessage, "at">): void {
  if (message.channels.length > 0) sitting.messages.push({ ...message, at: sitting.now });
}

export const threadKey = (id: string): string => `thread:${id}`;
export const groupKey = (id: string): string => `group:${id}`;
