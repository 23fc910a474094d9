import type { Beat } from "./rules.ts";

/** Each number is a cycle of one beat. */
export function cyclesOf(tokens: readonly number[]): Beat[] {
  return tokens.map((one) => ({ tokens: one, kind: null, cycle: null, closes: true }));
}
