/**
 * Reading fields of a parsed JSON object, strictly: nothing is coerced, `null` is the same as absent, and every wrong field
 * is named with what would have been right. All readers return null for "absent or wrong"; whoever reads looks at `errors` at the end.
 */

export interface FieldError {
  /** `tokens_used`, `usage[0].model`; empty for the body itself. */
  readonly path: string;
  readonly message: string;
}

export type JsonObject = Readonly<Record<string, unknown>>;

/** 10¹²: beyond any honest count, and 64 rows of it still add up exactly in a double. */
export const MAX_COUNT = 1_000_000_000_000;
/** Longest promise, pace or lease on the wire, in seconds: 31 days. */
const MAX_SECONDS = 31 * 24 * 3600;

/** What is wrong is collected here, up to a bound: a body of nonsense must not cost more to refuse than to accept. */
export class Fields {
  readonly errors: FieldError[] = [];
  readonly #prefix: string;

  constructor(prefix = "") {
    this.#prefix = prefix;
  }

  /** Null marks a fault; the return value lets a reader end in one line. */
  fault(path: string, message: string): null {
    if (this.errors.length < 100) this.errors.push({ path: this.#prefix + path, message });
    return null;
  }

  /** An integer from 0 to 10¹². */
  count(value: unknown, path: string): number | null {
    if (value === undefined || value === null) return null;
    if (typeof value !== "number") return this.fault(path, `must be a whole number, not ${kindOf(value)}`);
    if (!Number.isInteger(value)) return this.fault(path, `must be a whole number, not ${value}`);
    if (value < 0) return this.fault(path, `must not be negative, got ${value}`);
    if (value > MAX_COUNT) return this.fault(path, `must be at most 10^12 (${MAX_COUNT}), got ${value}`);
    return value;
  }

  /** A number within bounds, both included. */
  number(value: unknown, path: string, bounds: { readonly min: number; readonly max: number }): number | null {
    if (value === undefined || value === null) return null;
    if (typeof value !== "number") return this.fault(path, `must be a number, not ${kindOf(value)}`);
    if (!(value >= bounds.min && value <= bounds.max)) {
      return this.fault(path, `must be from ${bounds.min} to ${bounds.max}, got ${value}`);
    }
    return value;
  }

  /** A duration given in seconds, as whole milliseconds. */
  seconds(value: unknown, path: string, minSeconds: number): number | null {
    const seconds = this.number(value, path, { min: minSeconds, max: MAX_SECONDS });
    return seconds === null ? null : Math.round(seconds * 1000);
  }

  /** US dollars as whole micro-dollars. */
  dollars(value: unknown, path: string): number | null {
    const usd = this.number(value, path, { min: 0, max: 1_000_000_000 });
    return usd === null ? null : Math.round(usd * 1_000_000);
  }

  /** A name or id: refused when too long, because a cut one would be another one. */
  name(value: unknown, path: string, maxLength: number): string | null {
    if (value === undefined || value === null) return null;
    if (typeof value !== "string") return this.fault(path, `must be a string, not ${kindOf(value)}`);
    if (value === "") return this.fault(path, "must not be empty");
    if (value.length > maxLength) {
      return this.fault(path, `must be at most ${maxLength} characters long, got ${value.length}`);
    }
    return storable(value);
  }

  /** Words for a person: cut when too long. */
  words(value: unknown, path: string, maxLength: number): string | null {
    if (value === undefined || value === null) return null;
    if (typeof value !== "string") return this.fault(path, `must be a string, not ${kindOf(value)}`);
    return storable(value.length > maxLength ? value.slice(0, maxLength) : value);
  }

  /** One of the given words. */
  oneOf<const Word extends string>(value: unknown, path: string, words: readonly Word[]): Word | null {
    if (value === undefined || value === null) return null;
    const found = words.find((word) => word === value);
    return found ?? this.fault(path, `must be one of ${words.join(", ")}; got ${preview(value)}`);
  }

  flag(value: unknown, path: string): boolean | null {
    if (value === undefined || value === null) return null;
    return typeof value === "boolean" ? value : this.fault(path, `must be true or false, not ${kindOf(value)}`);
  }

  object(value: unknown, path: string): JsonObject | null {
    if (value === undefined || value === null) return null;
    return isObject(value) ? value : this.fault(path, `must be an object, not ${kindOf(value)}`);
  }

  /** A list of at most `max` things; absent is the empty list. */
  list(value: unknown, path: string, max: number): readonly unknown[] {
    if (value === undefined || value === null) return [];
    if (!Array.isArray(value)) this.fault(path, `must be a list, not ${kindOf(value)}`);
    else if (value.length > max) this.fault(path, `must hold at most ${max} items, got ${value.length}`);
    else return value;
    return [];
  }

  /** Says that something must be there. */
  required<T>(value: T | null, source: unknown, path: string): T | null {
    if (source === undefined || source === null) return this.fault(path, "is required");
    return value;
  }
}

export function isObject(value: unknown): value is JsonObject {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

/** What a value is, in words for an error. */
export function kindOf(value: unknown): string {
  if (value === null) return "null";
  if (Array.isArray(value)) return "a list";
  return typeof value === "object" ? "an object" : `a ${typeof value}`;
}

/** A value in an error: short, because the sender chose it. */
export function preview(value: unknown): string {
  const text = typeof value === "string" ? JSON.stringify(value) : kindOf(value);
  return text.length > 60 ? `${text.slice(0, 60)}…"` : text;
}

/**
 * Text that any store takes and gives back the same: no halves of surrogate pairs (a cut can make one) and no NUL, which
 * PostgreSQL refuses.
 */
function storable(text: string): string {
  const wellFormed = text.isWellFormed() ? text : text.toWellFormed();
  return wellFormed.includes("\0") ? wellFormed.replaceAll("\0", "\uFFFD") : wellFormed;
}
