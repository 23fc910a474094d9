// Values as OTLP/JSON writes them. The specification wants 64-bit integers as strings and ids as hex; exporters send numbers
// as well, so both are read.

import { isObject } from "../fields.ts";
import { lateNames } from "./attribute-names.ts";
import { OTLP_LIMITS, type Attributes, type AttributeValue } from "./records.ts";

/** Reads a list of KeyValue; `names` null takes every one. Never throws: what is no attribute is not there. */
export function attributesOf(list: unknown, names: ReadonlySet<string> | null): Attributes {
  const attributes = new Map<string, AttributeValue>();
  for (const item of listOf(list)) {
    if (attributes.size >= OTLP_LIMITS.attributes) break;
    if (!isObject(item)) continue;
    const { key, value } = item;
    if (typeof key !== "string" || key.length > OTLP_LIMITS.keyLength) continue;
    if (names !== null && lateNames.has(key)) {
      attributes.set(key, { read: () => anyOf(value, 0) });
      continue;
    }
    if (names !== null && !names.has(key)) continue;
    const scalar = scalarOf(value);
    if (scalar !== null) attributes.set(key, scalar);
  }
  return attributes;
}

export function scalarOf(value: unknown): string | number | boolean | null {
  if (!isObject(value)) return null;
  const { stringValue, boolValue, intValue, doubleValue } = value;
  if (typeof stringValue === "string") return stringValue.slice(0, OTLP_LIMITS.stringLength);
  if (typeof boolValue === "boolean") return boolValue;
  return numberOf(intValue) ?? numberOf(doubleValue);
}

/** A number, or a string that spells one; null for anything else. */
export function numberOf(value: unknown): number | null {
  if (typeof value === "number") return value;
  if (typeof value !== "string" || value.trim() === "" || value.length > 40) return null;
  const number = Number(value);
  return Number.isNaN(number) && value !== "NaN" ? null : number;
}

/** Nanoseconds since the epoch, as milliseconds; 0 when there are none. */
export function nanosOf(value: unknown): number {
  const nanos = numberOf(value);
  return nanos === null || !Number.isFinite(nanos) || nanos < 0 ? 0 : Math.floor(nanos / 1e6);
}

export function hexOf(value: unknown): string {
  return typeof value === "string" && value.length <= 64 && /^[0-9a-fA-F]+$/.test(value) ? value.toLowerCase() : "";
}

export function textOf(value: unknown): string {
  return typeof value === "string" ? value.slice(0, OTLP_LIMITS.stringLength) : "";
}

export function listOf(value: unknown): readonly unknown[] {
  return Array.isArray(value) ? value : [];
}

function anyOf(value: unknown, depth: number): unknown {
  if (!isObject(value) || depth > OTLP_LIMITS.depth) return null;
  const { stringValue, arrayValue, kvlistValue } = value;
  if (typeof stringValue === "string") return stringValue;
  if (isObject(arrayValue)) return listOf(arrayValue["values"]).map((item) => anyOf(item, depth + 1));
  if (!isObject(kvlistValue)) return scalarOf(value);
  const entries = listOf(kvlistValue["values"]).filter(isObject);
  return Object.fromEntries(entries.map(({ key, value: inner }) => [String(key), anyOf(inner, depth + 1)]));
}
