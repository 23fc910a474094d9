import { heartbeat } from "@midwatch/sdk";
import { ownServerName } from "./own-server.ts";

const everyMs = 4_000;

/** True in a server that `midwatch up` keeps. */
export function isKept(environment: NodeJS.ProcessEnv): boolean {
  return environment["MIDWATCH_AGENT"] === ownServerName;
}

/** What the server's main loop calls on each turn: beats now and then, to the supervisor that keeps it. */
export function serverBeat(): () => void {
  let beatenAt = -Infinity;
  return () => {
    const now = performance.now();
    if (now - beatenAt < everyMs) return;
    beatenAt = now;
    void heartbeat();
  };
}
