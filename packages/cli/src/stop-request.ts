const stopSignals = ["SIGINT", "SIGTERM", "SIGHUP"] as const;

/** A wrapper such as npm passes on what the terminal has sent to the whole group already: one wish, heard twice. */
const sameWishMs = 1_000;

/** Resolves at the first signal that asks this process to stop. `onAgain` hears of someone who insists. */
export function untilAskedToStop(onAgain: () => void = () => undefined): Promise<NodeJS.Signals> {
  return new Promise((resolve) => {
    let askedAt: number | null = null;
    for (const signal of stopSignals) {
      process.on(signal, () => {
        const now = performance.now();
        if (askedAt !== null && now - askedAt > sameWishMs) onAgain();
        askedAt ??= now;
        resolve(signal);
      });
    }
  });
}
