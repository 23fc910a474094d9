import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { PassThrough } from "node:stream";
import { defaultSettings, SECOND, type DurationMs } from "@midwatch/core";
import type { BeatAnswer, ErrorBody } from "@midwatch/protocol";
import { openSqliteStore, type Store } from "@midwatch/store";
import { createKey, type Scope } from "../keys/key.ts";
import type { ServerOptions } from "../options.ts";
import { startWatching, type RunningServer } from "../server.ts";
import type { Watch } from "../watch.ts";
import type { TestClock } from "./test-clock.ts";

export interface Reply<T = unknown> {
  readonly status: number;
  readonly headers: Headers;
  readonly body: T;
}

/** A real server on a free port, with a real store in a folder of its own. Everything is gone when it is disposed of. */
export interface TestServer extends AsyncDisposable {
  readonly server: RunningServer;
  readonly watch: Watch;
  readonly store: Store;
  readonly url: string;
  /** Keys that everybody may use for their scope. */
  readonly keys: Readonly<Record<Scope, string>>;
  /** What the server wrote to its log. */
  readonly logged: readonly string[];
  beat(body: object): Promise<Reply<BeatAnswer>>;
  /** With the admin key unless `key` says otherwise; null sends none. */
  call<T = unknown>(method: string, path: string, more?: { body?: unknown; key?: string | null }): Promise<Reply<T>>;
  get<T = unknown>(path: string): Promise<Reply<T>>;
  post<T = unknown>(path: string, body?: unknown): Promise<Reply<T>>;
}

export type TestOptions = Partial<Omit<ServerOptions, "store" | "log">> & {
  /** Of an earlier server; a new folder unless given, which is deleted in the end. */
  readonly file?: string;
  /** Wraps the store, to let it fail on purpose. */
  readonly wrapStore?: (store: Store) => Store;
};

export async function startTestServer(options: TestOptions = {}): Promise<TestServer> {
  const { file, wrapStore, ...more } = options;
  const folder = file === undefined ? await mkdtemp(join(tmpdir(), "midwatch-server-")) : null;
  const real = await openSqliteStore({ file: file ?? join(folder ?? "", "midwatch.db") });
  const store = wrapStore ? wrapStore(real) : real;
  const logged: string[] = [];
  const note = (facts: object, text: string): void => void logged.push(`${text} ${JSON.stringify(facts)}`);
  const keys = await makeKeys(real);
  const { server, watch } = await startWatching({
    listen: { host: "127.0.0.1", port: 0 },
    timeZone: "UTC",
    strict: false,
    defaults: defaultSettings,
    channels: {},
    alertsTo: [],
    // Alerts are not gathered: most tests tell one and wait for it.
    alerts: { gatherMs: 0 },
    report: null,
    version: "0.0.0-test",
    dashboardDir: null,
    // A crowded machine is no reason for a test to be refused.
    overloadedAfterMs: null,
    stream: new PassThrough().resume(),
    ...more,
    store,
    log: { info: note, warn: note, error: note },
  });
  const call: TestServer["call"] = async (method, path, { body, key = keys.admin } = {}) => {
    const response = await fetch(`${server.url}${path}`, {
      method,
      headers: {
        ...(key === null ? {} : { authorization: `Bearer ${key}` }),
        ...(body === undefined ? {} : { "content-type": "application/json" }),
      },
      redirect: "manual",
      ...(body === undefined ? {} : { body: typeof body === "string" ? body : JSON.stringify(body) }),
    });
    return replyOf(response);
  };
  return {
    server,
    watch,
    store,
    url: server.url,
    keys,
    logged,
    call,
    beat: (body) => call("POST", "/api/v1/heartbeat", { body, key: keys.ingest }),
    get: (path) => call("GET", path),
    post: (path, body) => call("POST", path, { body }),
    [Symbol.asyncDispose]: async () => {
      await server.stop();
      await real.close();
      if (folder !== null) await rm(folder, { recursive: true, force: true });
    },
  };
}

export async function replyOf<T>(response: Response): Promise<Reply<T>> {
  const text = await response.text();
  const json = response.headers.get("content-type")?.includes("json") ?? false;
  return { status: response.status, headers: response.headers, body: (json ? JSON.parse(text) : text) as T };
}

/** The error code of a refusal. */
export function codeOf(reply: Reply): string {
  return (reply.body as ErrorBody).error.code;
}

/** Lets time pass second by second, with a sweep in each, as a server that sees everything would. */
export async function passTime(clock: TestClock, { watch }: TestServer, ms: DurationMs): Promise<void> {
  for (let left = ms; left > 0; left -= SECOND) {
    clock.advance(Math.min(SECOND, left));
    await watch.sweeper.turn();
    watch.desk.wake();
    await watch.desk.idle();
    // The lease of a delivery must not run out by a clock that outruns the network: it would be made twice.
    await watch.delivery.idle();
  }
}

async function makeKeys(store: Store): Promise<Record<Scope, string>> {
  const make = async (scope: Scope): Promise<string> =>
    (await createKey(store, { scope, agentGlob: null, label: scope, at: 0 })).key;
  return { ingest: await make("ingest"), read: await make("read"), admin: await make("admin") };
}
