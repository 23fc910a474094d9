/** Wakes supervisors that wait for commands: one bell per supervisor, rung when a command was written. */
export class CommandBell {
  readonly #waiting = new Map<string, Set<() => void>>();

  ring(supervisor: string): void {
    for (const wake of this.#waiting.get(supervisor) ?? []) wake();
  }

  ringAll(): void {
    for (const supervisor of this.#waiting.keys()) this.ring(supervisor);
  }

  /** Resolves when the bell rings, after `ms`, or when the caller gave up. */
  async wait(supervisor: string, ms: number, gaveUp: AbortSignal): Promise<void> {
    await new Promise<void>((resolve) => {
      const waiting = this.#waiting.get(supervisor) ?? new Set();
      this.#waiting.set(supervisor, waiting);
      const done = (): void => {
        clearTimeout(timer);
        gaveUp.removeEventListener("abort", done);
        waiting.delete(done);
        if (waiting.size === 0) this.#waiting.delete(supervisor);
        resolve();
      };
      const timer = setTimeout(done, ms);
      gaveUp.addEventListener("abort", done);
      waiting.add(done);
    });
  }
}
