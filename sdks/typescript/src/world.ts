import { setTimeout as delay } from "node:timers/promises";

/** What the SDK takes from its surroundings; tests put in a clock that they hold. */
export interface World {
  readonly env: Readonly<Record<string, string | undefined>>;
  /** For durations inside this process; never jumps. */
  monotonicMs(): number;
  /** For `ts` only. */
  wallMs(): number;
  /** Ends early when `signal` fires; never rejects. Without `holdsProcess` it lets the process end meanwhile. */
  sleep(ms: number, how: { readonly signal: AbortSignal; readonly holdsProcess: boolean }): Promise<void>;
  /** A line for the person who runs the agent. */
  log(line: string): void;
}

export const realWorld: World = {
  env: process.env,
  monotonicMs: () => performance.now(),
  wallMs: () => Date.now(),
  sleep: async (ms, { signal, holdsProcess }) => {
    // Timers take at most 2³¹ − 1 ms and fire at once beyond it, which would turn a long pace into a spin.
    const bounded = Math.min(Math.max(0, ms), 2_147_483_647);
    try {
      await delay(bounded, undefined, { signal, ref: holdsProcess });
    } catch {
      // Aborted: being woken early is what the signal is for.
    }
  },
  log: (line) => {
    console.warn(`midwatch: ${line}`);
  },
};

/** The time as part of a file name: `20261124T031206Z`. */
export function utcName(world: Pick<World, "wallMs">): string {
  return new Date(world.wallMs()).toISOString().replace(/[-:]|\.\d+/gu, "");
}

/** True when `promise` was settled within `ms`. The timer is real in tests too: it only bounds, and nothing waits for it to fire. */
export async function within(promise: Promise<unknown>, ms: number): Promise<boolean> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<false>((resolve) => {
    timer = setTimeout(resolve, ms, false);
  });
  const done = await Promise.race([promise.then(() => true), late]);
  clearTimeout(timer);
  return done;
}

/** Logs each kind of trouble once: an agent's log is not the place for a line per minute of an outage. */
export class Grumbler {
  readonly #world: World;
  readonly #said = new Set<string>();

  constructor(world: World) {
    this.#world = world;
  }

  once(kind: string, line: string): void {
    if (this.#said.has(kind)) return;
    this.#said.add(kind);
    this.#world.log(line);
  }

  /** The trouble is over; should it come back, it is news again. */
  over(kind: string, line: string): void {
    if (this.#said.delete(kind)) this.#world.log(line);
  }
}
