import { setTimeout as pause } from "node:timers/promises";

/** Waits for a condition, at most 20 s; fails with `what` when it does not come. */
export async function until(what: string, condition: () => boolean | Promise<boolean>): Promise<void> {
  const deadline = performance.now() + 20_000;
  while (!(await condition())) {
    if (performance.now() > deadline) throw new Error(`waited 20 s in vain until ${what}`);
    await pause(20);
  }
}
