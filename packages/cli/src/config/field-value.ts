import { parseDuration } from "@midwatch/protocol";
import type { Field } from "./fields.ts";

export type CheckedValue =
  | { readonly ok: true; readonly value: unknown }
  /** What is wrong, as the rest of a sentence that begins with the setting's name. */
  | { readonly ok: false; readonly wrong: string };

/** Dearer than any model by two powers of ten, so that dollars for a thousand tokens are noticed when meant for a million. */
export const mostPerMillion = 10_000;

/** Checks one value against what its setting takes; durations come out in milliseconds. */
export function checkField(value: unknown, field: Field): CheckedValue {
  if (value === null && "none" in field) return { ok: true, value: null };
  switch (field.type) {
    case "duration":
      return checkDuration(value, field);
    case "usd":
      return typeof value === "number" && value >= 0.000_001 && value <= 1_000_000_000
        ? { ok: true, value: Math.round(value * 1e6) }
        : mustBe("an amount in US dollars, more than 0 and at most 1000000000", value);
    case "price":
      return typeof value === "number" && value >= 0 && value <= mostPerMillion
        ? { ok: true, value }
        : mustBe(`US dollars for a million tokens, from 0 to ${mostPerMillion}`, value);
    case "count":
      return Number.isInteger(value) && (value as number) >= field.least && (value as number) <= field.most
        ? { ok: true, value }
        : mustBe(`a whole number from ${field.least} to ${field.most}`, value);
    case "choice":
      return typeof value === "string" && field.of.includes(value)
        ? { ok: true, value }
        : mustBe(`one of ${field.of.join(", ")}`, value);
    case "text":
      return typeof value === "string" && value !== "" && field.pattern?.test(value) !== false
        ? { ok: true, value }
        : mustBe(field.shape ?? "a text", field.mayHoldSecret ? undefined : value);
    case "texts":
      return Array.isArray(value) && value.every((one) => typeof one === "string")
        ? { ok: true, value }
        : mustBe("a list of texts, like [me]", value);
    case "environment":
      return isTextMap(value) ? { ok: true, value } : mustBe('a mapping of texts, like { MODE: "live" }', value);
    case "rows":
      // Each row is read by its own fields; here only the shape.
      return Array.isArray(value) ? { ok: true, value } : mustBe("a list, like [{ path: state.json }]", value);
    case "group":
      // Its fields are read one by one, each with its own place; here only the shape.
      return isMapping(value) ? { ok: true, value } : mustBe("a mapping of names to values", value);
    case "named":
      return isMapping(value) ? { ok: true, value } : mustBe("a mapping of names to mappings", value);
    case "flag":
      return typeof value === "boolean" ? { ok: true, value } : mustBe("true or false", value);
  }
}

function checkDuration(value: unknown, field: Extract<Field, { type: "duration" }>): CheckedValue {
  const parsed = parseDuration(String(value));
  if (!parsed.ok) return { ok: false, wrong: parsed.message };
  return parsed.ms < msOf(field.least) || parsed.ms > msOf(field.most)
    ? mustBe(`from ${field.least} to ${field.most}`, value)
    : { ok: true, value: parsed.ms };
}

/** Of a bound that stands in our own table. */
function msOf(text: string): number {
  const parsed = parseDuration(text);
  return parsed.ok ? parsed.ms : 0;
}

function mustBe(expected: string, value: unknown): CheckedValue {
  return { ok: false, wrong: `must be ${expected}${value === undefined ? "" : `, not ${JSON.stringify(value)}`}` };
}

function isTextMap(value: unknown): value is Record<string, string> {
  return isMapping(value) && Object.values(value).every((one) => typeof one === "string");
}

function isMapping(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}
