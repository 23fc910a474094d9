import { durationMs, type Duration } from "./duration.ts";
import type { Target } from "./post.ts";
import { processRunId } from "./run-id.ts";
import type { Grumbler, World } from "./world.ts";

/** All optional: inside a supervised agent everything comes from `MIDWATCH_*`. */
export interface MidwatchOptions {
  /** The agent's unique name; else `MIDWATCH_AGENT`. */
  readonly agent?: string | undefined;
  /** Where the server or the supervisor listens, such as `http://127.0.0.1:4004`; else `MIDWATCH_URL`. */
  readonly url?: string | undefined;
  /** A key with scope `ingest`; else `MIDWATCH_KEY`. */
  readonly key?: string | undefined;
  /** The promise: the longest time between two beats, 1 s to 31 d; else `MIDWATCH_INTERVAL`; else learned by the server. */
  readonly interval?: Duration | undefined;
  /** Longest wait of the loop for the server, in milliseconds. Default 250. */
  readonly maxBlockMs?: number | undefined;
  /** Whether SIGTERM and SIGINT end a running loop after its turn. Default true. */
  readonly signals?: boolean | undefined;
}

export interface Settings {
  readonly agent: string;
  /** Null: not supervised, nothing is sent. */
  readonly target: Target | null;
  readonly runId: string;
  readonly intervalMs: number | null;
  readonly maxBlockMs: number;
  readonly signals: boolean;
}

const REQUEST_TIMEOUT_MS = 5_000;
const LONGEST_MS = 31 * 86_400_000;

/** Options, else environment, else defaults. Whatever is wrong is logged and left out: bad monitoring never stops an agent. */
export function readSettings(options: MidwatchOptions, world: World, grumbler: Grumbler): Settings {
  const { env } = world;
  const agent = options.agent ?? env["MIDWATCH_AGENT"] ?? "";
  const url = options.url ?? env["MIDWATCH_URL"] ?? "";
  const key = options.key ?? env["MIDWATCH_KEY"] ?? "";
  return {
    agent,
    target: targetOf({ agent, url, key }, grumbler),
    runId: env["MIDWATCH_RUN_ID"] ?? processRunId(),
    intervalMs: intervalOf(options.interval ?? env["MIDWATCH_INTERVAL"], grumbler),
    maxBlockMs: options.maxBlockMs ?? 250,
    signals: options.signals ?? true,
  };
}

function targetOf(given: { agent: string; url: string; key: string }, grumbler: Grumbler): Target | null {
  const missing = [
    given.agent === "" ? "a name (agent or MIDWATCH_AGENT)" : "",
    given.url === "" ? "an address (url or MIDWATCH_URL)" : "",
    given.key === "" ? "a key (key or MIDWATCH_KEY)" : "",
  ].filter((part) => part !== "");
  if (missing.length > 0) {
    grumbler.once("unsupervised", `not watched: ${missing.join(" and ")} is missing; no beats are sent`);
    return null;
  }
  try {
    const url = new URL("api/v1/heartbeat", given.url.endsWith("/") ? given.url : `${given.url}/`);
    if (url.protocol === "http:" || url.protocol === "https:") {
      return { url, key: given.key, timeoutMs: REQUEST_TIMEOUT_MS };
    }
  } catch {
    // Falls through to the same words as any other address that cannot be used.
  }
  grumbler.once("unsupervised", `not watched: "${given.url}" is no address; write it like http://127.0.0.1:4004`);
  return null;
}

function intervalOf(given: Duration | undefined, grumbler: Grumbler): number | null {
  if (given === undefined) return null;
  const ms = durationMs(given);
  if (ms !== null && ms >= 1_000 && ms <= LONGEST_MS) return ms;
  grumbler.once("interval", `the interval "${given}" is ignored; write it like 60s, from 1s to 31d`);
  return null;
}
