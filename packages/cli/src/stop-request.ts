import { closeSync, openSync } from "node:fs";

const stopSignals = ["SIGINT", "SIGTERM"] as const;

/** A wrapper such as npm passes on what the terminal has sent to the whole group already: one wish, heard twice. */
const sameWishMs = 1_000;

export interface SignalListeners {
  /** Somebody insists. */
  readonly onAgain?: () => void;
  /** SIGHUP, which a daemon takes as "read your configuration again"; without this, and when it means a closed terminal, it asks to stop. */
  readonly onReload?: () => void;
}

/** Resolves at the first signal that asks this process to stop. */
export function untilAskedToStop({ onAgain, onReload }: SignalListeners = {}): Promise<NodeJS.Signals> {
  const hadTerminal = hasTerminal();
  return new Promise((resolve) => {
    let askedAt: number | null = null;
    const asked = (signal: NodeJS.Signals): void => {
      const now = performance.now();
      if (askedAt !== null && now - askedAt > sameWishMs) onAgain?.();
      askedAt ??= now;
      resolve(signal);
    };
    for (const signal of stopSignals) process.on(signal, asked);
    process.on("SIGHUP", (signal) => {
      const hasLostTerminal = hadTerminal && !hasTerminal();
      if (onReload && !hasLostTerminal) onReload();
      else asked(signal);
    });
  });
}

function hasTerminal(): boolean {
  try {
    closeSync(openSync("/dev/tty", "r"));
    return true;
  } catch {
    // No controlling terminal, or it is gone.
    return false;
  }
}
