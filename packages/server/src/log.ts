import type { Writable } from "node:stream";
import type { Clock } from "./clock.ts";

/** One line per thing an operator should know; no line per request. */
export interface Log {
  info(facts: object, text: string): void;
  warn(facts: object, text: string): void;
  error(facts: object, text: string): void;
}

/** Writes lines of text: time, level, what, and the facts. An error's stack goes to the log and nowhere else. */
export function textLog(stream: Writable, clock: Clock): Log {
  const write =
    (level: string) =>
    (facts: object, text: string): void => {
      stream.write(`${new Date(clock.now()).toISOString()} ${level} ${text}${spellFacts(facts)}\n`);
    };
  return { info: write("info "), warn: write("warn "), error: write("error") };
}

function spellFacts(facts: object): string {
  const spelled = Object.entries(facts).map(([key, value]) => `${key}=${spellFact(value)}`);
  return spelled.length === 0 ? "" : ` (${spelled.join(" ")})`;
}

function spellFact(value: unknown): string {
  if (!(value instanceof Error)) return JSON.stringify(value);
  const cause = value.cause instanceof Error ? `; caused by ${value.cause.message}` : "";
  return `${value.stack ?? value.message}${cause}`;
}
