/** What one call used, as Midwatch counts: the input includes the cache, the output includes reasoning. */
export interface ServedUsage {
  readonly input: number;
  readonly output: number;
  readonly cacheRead: number;
  readonly cacheWrite: number;
  readonly reasoning: number;
}

/** What a provider's own counting has; the others are 0. */
export type CountedClass = "cacheRead" | "cacheWrite" | "reasoning";

/**
 * Another usage for each number, the same each time: no two calls of a test agree in any class, so a call that is missed,
 * counted twice, or read from the wrong field shows in the sum.
 */
export function usageOf(number: number, classes: readonly CountedClass[]): ServedUsage {
  const of = (name: CountedClass, count: number): number => (classes.includes(name) ? count : 0);
  const cacheRead = of("cacheRead", 1_000 + 13 * number);
  const cacheWrite = of("cacheWrite", 200 + 7 * number);
  const reasoning = of("reasoning", 30 + 3 * number);
  return {
    input: 100 + 17 * number + cacheRead + cacheWrite,
    output: 40 + 5 * number + reasoning,
    cacheRead,
    cacheWrite,
    reasoning,
  };
}

export const noUsage: ServedUsage = { input: 0, output: 0, cacheRead: 0, cacheWrite: 0, reasoning: 0 };

export function addUsage(a: ServedUsage, b: ServedUsage): ServedUsage {
  return {
    input: a.input + b.input,
    output: a.output + b.output,
    cacheRead: a.cacheRead + b.cacheRead,
    cacheWrite: a.cacheWrite + b.cacheWrite,
    reasoning: a.reasoning + b.reasoning,
  };
}
