// Who watches the watcher? Something elsewhere that expects a sign of life and tells people when none comes: another Midwatch, or any
// service with a URL to call. The sign is given by the main loop itself, after a sweep that worked. A server that hangs, that
// cannot reach its store, or that has no time gives none, and that is the point.

import { randomUUID } from "node:crypto";
import { SECOND, type DurationMs, type Ms } from "@midwatch/core";
import { createPoster, type Poster } from "../channels/outgoing/post.ts";
import { isPrivateHost } from "../channels/outgoing/public-address.ts";
import { ConfigError } from "../errors.ts";
import type { Log } from "../log.ts";

export interface WatcherSettings {
  /** Called with GET; with a key, POSTed a beat to: `…/api/v1/heartbeat` of another Midwatch. */
  readonly url: string;
  /** An ingest key of the other Midwatch; null for any other service. */
  readonly key: string | null;
  /** How this server is called there. */
  readonly agent: string;
  readonly everyMs: DurationMs;
  readonly allowPrivate: boolean;
}

export interface OutgoingHeartbeat {
  /** The main loop has turned, and all was well. Costs nothing until the next sign is due. */
  turned(): void;
  /** Says that this is no death, where the other side understands it. */
  stop(): Promise<void>;
}

const timeoutMs: DurationMs = 10 * SECOND;
const lastWordMs: DurationMs = 2 * SECOND;

/** Throws `ConfigError` when the URL is none, or leads into a private network without leave. */
export function createOutgoingHeartbeat(
  settings: WatcherSettings,
  given: {
    readonly now: () => Ms;
    readonly monotonic: () => DurationMs;
    readonly agents: () => number;
    readonly log: Pick<Log, "info" | "warn">;
    /** For tests. */
    readonly post?: Poster;
  },
): OutgoingHeartbeat {
  const { key, everyMs, allowPrivate } = settings;
  const url = urlOf(settings);
  const { now, monotonic, log } = given;
  const post = given.post ?? createPoster({ allowPrivate, now, timeoutMs, lookup: undefined });
  const runId = randomUUID();
  const stopping = new AbortController();
  let seq = 0;
  let sentAt: DurationMs | null = null;
  let sending: Promise<void> | null = null;
  let failing = false;

  function bodyOf(status: "ok" | "stopped"): string {
    const message = status === "ok" ? `watching ${given.agents()} agents` : "stopped on purpose";
    const everyS = everyMs / SECOND;
    return JSON.stringify({
      agent: settings.agent,
      status,
      run_id: runId,
      seq: (seq += 1),
      interval_s: everyS,
      message,
    });
  }

  async function send(status: "ok" | "stopped", signal: AbortSignal): Promise<void> {
    const outcome = await post(
      key === null
        ? { method: "GET", url, headers: {}, body: "", signal }
        : {
            url,
            headers: { "content-type": "application/json", authorization: `Bearer ${key}` },
            body: bodyOf(status),
            signal,
          },
    );
    if (outcome.sent) {
      if (failing) log.info({ host: url.host }, "the sign of life is taken again");
    } else if (!failing) {
      log.warn({ host: url.host }, `cannot give a sign of life: ${outcome.error}; trying again each time it is due`);
    }
    failing = !outcome.sent;
  }

  return {
    turned: () => {
      const at = monotonic();
      if (sending !== null || stopping.signal.aborted || (sentAt !== null && at - sentAt < everyMs)) return;
      sentAt = at;
      sending = send("ok", stopping.signal).finally(() => {
        sending = null;
      });
    },
    stop: async () => {
      if (stopping.signal.aborted) return;
      stopping.abort();
      await sending;
      // Whoever only counts calls cannot be told; nor can anybody who was never told of a beginning.
      if (key !== null && sentAt !== null) await send("stopped", AbortSignal.timeout(lastWordMs));
    },
  };
}

function urlOf({ url, allowPrivate }: WatcherSettings): URL {
  const parsed = URL.canParse(url) ? new URL(url) : null;
  const wrong =
    parsed === null || (parsed.protocol !== "https:" && parsed.protocol !== "http:")
      ? `must be a whole URL such as "https://example.org/ping/…"`
      : isPrivateHost(parsed.hostname) && !allowPrivate
        ? `${parsed.hostname} is an address of this machine or of a private network. If that is meant, add "allow_private: true"`
        : null;
  if (parsed === null || wrong !== null) throw new ConfigError("bad_watcher", `watcher.url: ${wrong ?? ""}`);
  return parsed;
}
