import { setTimeout as sleep } from "node:timers/promises";

/** Asks until there is an answer. The bound is generous: it only keeps a broken test from hanging. */
export async function until<T>(ask: () => T | null | undefined | false, what: string, boundMs = 30_000): Promise<T> {
  const giveUpAt = performance.now() + boundMs;
  for (;;) {
    const answer = ask();
    if (answer !== null && answer !== undefined && answer !== false) return answer;
    if (performance.now() > giveUpAt) throw new Error(`waited in vain for ${what}`);
    await sleep(10);
  }
}
