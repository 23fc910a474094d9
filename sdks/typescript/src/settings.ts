import { durationMs, type Duration } from "./duration.ts";
import { preview } from "./fields.ts";
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
  /** Names this life of the agent; else `MIDWATCH_RUN_ID`; else made up once per process. */
  readonly runId?: string | undefined;
  /** Longest wait of the loop for the server. Default 250 ms. */
  readonly patience?: Duration | undefined;
}

export interface Settings {
  readonly agent: string;
  /** Null: nobody watches, nothing is sent. */
  readonly target: Target | null;
  readonly runId: string;
  readonly intervalMs: number | null;
  readonly patienceMs: number;
}

const REQUEST_TIMEOUT_MS = 5_000;
const PATIENCE_MS = 250;
const NAME = /^[\p{L}\p{N}._\-/:@]{1,128}$/u;

/** Options, else environment, else defaults. Whatever is wrong is logged and left out: bad monitoring never stops an agent. */
export function readSettings(options: MidwatchOptions, world: World, grumbler: Grumbler): Settings {
  // An empty text counts as not given: a variable that is set to nothing is the usual way to unset one.
  const given = (option: string | undefined, variable: string): string =>
    preview(option ?? "") || world.env[variable] || "";
  const agent = given(options.agent, "MIDWATCH_AGENT");
  const url = given(options.url, "MIDWATCH_URL").trim();
  const key = given(options.key, "MIDWATCH_KEY").trim();
  const problem = problemOf(agent, url, key);
  if (problem !== null) grumbler.once("unwatched", `no beats are sent: ${problem}`);
  const interval = options.interval ?? (world.env["MIDWATCH_INTERVAL"] || undefined);
  return {
    agent,
    target: problem === null ? { url: endpointOf(url), key, timeoutMs: REQUEST_TIMEOUT_MS } : null,
    runId: (given(options.runId, "MIDWATCH_RUN_ID") || processRunId()).slice(0, 128),
    intervalMs: intervalOf(interval, grumbler),
    patienceMs: patienceOf(options.patience, grumbler),
  };
}

function problemOf(agent: string, url: string, key: string): string | null {
  if (url === "") return "there is no server; set MIDWATCH_URL or pass url";
  if (key === "") return "there is no key; set MIDWATCH_KEY or pass key";
  if (agent === "") return "the agent has no name; set MIDWATCH_AGENT or pass agent";
  if (!NAME.test(agent)) return `an agent's name is 1 to 128 letters, digits and . _ - / : @, got "${agent}"`;
  if (!/^https?:\/\//iu.test(url) || !URL.canParse(url)) {
    return `"${url}" is no address; write it like http://127.0.0.1:4004`;
  }
  if (!/^[\x20-\x7e]+$/u.test(key)) return "the key holds characters that no key has; copy it again";
  return null;
}

function endpointOf(url: string): URL {
  return new URL("api/v1/heartbeat", url.endsWith("/") ? url : `${url}/`);
}

function intervalOf(given: Duration | undefined, grumbler: Grumbler): number | null {
  if (given === undefined) return null;
  const ms = durationMs(given);
  if (ms !== null && ms >= 1_000) return ms;
  grumbler.once("interval", `the interval "${given}" is ignored; write it like 60s, from 1s to 31d`);
  return null;
}

function patienceOf(given: Duration | undefined, grumbler: Grumbler): number {
  const ms = given === undefined ? PATIENCE_MS : durationMs(given);
  if (ms === null) grumbler.once("patience", `the patience "${given ?? ""}" is ignored; write it like 250ms`);
  return ms ?? PATIENCE_MS;
}
