/** Wakes supervisors that wait for commands: one bell per supervisor, rung when there is something to fetch. */
export class CommandBell {
  readonly #waiting = new Map<string, Set<() => void>>();
  #closed = false;

  /** The server stops: nobody waits here any more. */
  get isClosed(): boolean {
    return this.#closed;
  }

  ring(supervisor: string): void {
    for (const wake of this.#waiting.get(supervisor) ?? []) wake();
  }

  /** Wakes everybody, for good. */
  close(): void {
    this.#closed = true;
    for (const supervisor of this.#waiting.keys()) this.ring(supervisor);
  }

  /** Resolves when the bell rings (true), after `ms`, when the caller gave up or when the server stops (false). */
  async wait(supervisor: string, ms: number, gaveUp: AbortSignal): Promise<boolean> {
    if (this.#closed || gaveUp.aborted || ms <= 0) return false;
    return new Promise<boolean>((resolve) => {
      const waiting = this.#waiting.get(supervisor) ?? new Set();
      this.#waiting.set(supervisor, waiting);
      const end = (rung: boolean): void => {
        clearTimeout(timer);
        gaveUp.removeEventListener("abort", quiet);
        waiting.delete(wake);
        if (waiting.size === 0) this.#waiting.delete(supervisor);
        resolve(rung && !this.#closed);
      };
      const wake = (): void => end(true);
      const quiet = (): void => end(false);
      const timer = setTimeout(quiet, ms);
      gaveUp.addEventListener("abort", quiet);
      waiting.add(wake);
    });
  }
}
