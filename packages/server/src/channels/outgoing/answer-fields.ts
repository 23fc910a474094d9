import { DAY, SECOND, type DurationMs } from "@midwatch/core";
import type { Answer } from "./post.ts";

/** The fields of an answer that is a JSON object; none when it is anything else, such as the page of a proxy in between. */
export type AnswerFields = Readonly<Record<string, unknown>>;

export function answerFields(answer: Answer | undefined): AnswerFields {
  try {
    return fieldsOf(JSON.parse(answer?.body ?? ""));
  } catch {
    // Not JSON: there is nothing to read in it, and the outcome already quotes its first words.
    return {};
  }
}

/** An object's fields; none for what is no object. */
export function fieldsOf(value: unknown): AnswerFields {
  return typeof value === "object" && value !== null && !Array.isArray(value) ? (value as AnswerFields) : {};
}

/**
 * The wait that a service asks for in JSON, in seconds, at least the one that its headers asked for and at most a day; nothing where
 * neither makes sense.
 */
export function waitOf(seconds: unknown, fromHeaders: DurationMs = 0): { readonly retryAfterMs?: DurationMs } {
  const asked = typeof seconds === "number" && seconds > 0 ? Math.ceil(seconds * SECOND) : 0;
  const retryAfterMs = Math.min(Math.max(asked, fromHeaders), DAY);
  return retryAfterMs === 0 ? {} : { retryAfterMs };
}
