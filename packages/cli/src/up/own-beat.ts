import { heartbeat } from "@midwatch/sdk";

const everyMs = 4_000;

/** True in a part of Midwatch that `midwatch up` keeps, by its name. */
export function isKept(environment: NodeJS.ProcessEnv, name: string): boolean {
  return environment["MIDWATCH_AGENT"] === name;
}

/** What such a part's main loop calls on each turn: beats now and then, to the supervisor that keeps it. */
export function ownBeat(): () => void {
  let beatenAt = -Infinity;
  return () => {
    const now = performance.now();
    if (now - beatenAt < everyMs) return;
    beatenAt = now;
    void heartbeat();
  };
}
