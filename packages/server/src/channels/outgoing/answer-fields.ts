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

/** A wait as services name it in JSON, in seconds, to at most a day; null when it is absent or makes no sense. */
export function waitSeconds(value: unknown): number | null {
  return typeof value === "number" && value >= 0 ? Math.min(Math.ceil(value * 1_000), 86_400_000) : null;
}
