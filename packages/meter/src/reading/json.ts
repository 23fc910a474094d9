// Looking into JSON of strangers: nothing is assumed, nothing throws, and every number and text that is taken has a bound.

export type JsonObject = Readonly<Record<string, unknown>>;

/** What the wire to the server takes. */
const maxCount = 1_000_000_000_000;

export function isObject(value: unknown): value is JsonObject {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

export function objectIn(value: unknown): JsonObject {
  return isObject(value) ? value : {};
}

export function listIn(value: unknown): readonly unknown[] {
  return Array.isArray(value) ? value : [];
}

export function objectsIn(value: unknown): readonly JsonObject[] {
  return listIn(value).filter(isObject);
}

/** Null for what is no text, and for the empty one. */
export function textIn(value: unknown, maxLength: number): string | null {
  return typeof value === "string" && value !== "" ? value.slice(0, maxLength) : null;
}

/** A whole number from 0 to 10¹²; null for what is no number or below zero. */
export function countIn(value: unknown): number | null {
  return typeof value === "number" && value >= 0 ? Math.min(maxCount, Math.round(value)) : null;
}

/** US dollars, as a number or a text, in micro-dollars. */
export function microsIn(value: unknown): number | null {
  const usd = typeof value === "string" && value.trim() !== "" ? Number(value) : value;
  return typeof usd === "number" && usd >= 0 && usd <= 1_000_000 ? Math.round(usd * 1_000_000) : null;
}

export function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    // A client or a provider may send anything; what cannot be read is not counted.
    return undefined;
  }
}
