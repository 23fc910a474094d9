/** A point in time: integer milliseconds since the Unix epoch, as the watcher's clock read it. */
export type Ms = number;

/** A length of time: integer milliseconds. */
export type DurationMs = number;

export const SECOND: DurationMs = 1_000;
export const MINUTE: DurationMs = 60 * SECOND;
export const HOUR: DurationMs = 60 * MINUTE;
export const DAY: DurationMs = 24 * HOUR;
