import { existsSync } from "node:fs";
import { dirname } from "node:path";
import { fileURLToPath } from "node:url";
import type { Server } from "node:http";
import { setTimeout as pause } from "node:timers/promises";
import { createApp } from "./http/app.ts";
import { createHostGuard } from "./http/guard-host.ts";
import { createListener, listen } from "./http/listener.ts";
import { reachableHost } from "@midwatch/protocol";
import type { ServerOptions } from "./options.ts";
import { signInPath } from "./routes/sign-in-page.ts";
import { openWatch, type Watch } from "./watch.ts";

export interface RunningServer {
  /** Where this machine reaches it: `http://127.0.0.1:4004`. */
  readonly url: string;
  readonly port: number;
  /** A link that signs a browser in: it works once, for 30 minutes. */
  signInLink(): Promise<string>;
  /** Takes nothing new, answers what was taken, gives tries of notifications under way 3 s, and closes. Never loses a beat. */
  stop(): Promise<void>;
}

/** How long answers that are being sent may take when everything else has stopped. */
const lastAnswersMs = 1_000;

/**
 * Starts the server; resolves when beats are accepted. Rejects with `ConfigError` (`bad_timezone`, `bad_channels`,
 * `bad_report_time`, `no_keys`, `port_in_use`, `port_forbidden`, `bad_address`) for what a person has to put right, and
 * with `StoreError` when the store does not work.
 */
export async function startServer(options: ServerOptions): Promise<RunningServer> {
  const { server } = await startWatching(options);
  return server;
}

/** The running server together with what is inside it, for tests that move its clock. */
export async function startWatching(
  options: ServerOptions,
): Promise<{ readonly server: RunningServer; readonly watch: Watch }> {
  const watch = await openWatch(options);
  const { host } = options.listen;
  const guard = createHostGuard(host, options.publicUrl);
  const { log, version, overloadedAfterMs } = options;
  const dashboardDir = options.dashboardDir === undefined ? builtDashboard() : options.dashboardDir;
  const context = { ...watch, guard, log, version, overloadedAfterMs, dashboardDir };
  const app = await createApp(context, (others) => createListener({ beats: watch.beats, guard, others, log }));
  let port: number;
  try {
    port = await listen(app.server, options.listen);
  } catch (error) {
    await Promise.all([app.close(), watch.stop()]);
    throw error;
  }
  watch.start();
  const url = `http://${reachableHost(host)}:${port}`;
  let stopping: Promise<void> | null = null;
  const server: RunningServer = {
    url,
    port,
    signInLink: async () => url + signInPath(await watch.sessions.createLink()),
    stop: () => (stopping ??= stop(app.server, async () => Promise.all([watch.stop(), app.close()]))),
  };
  return { server, watch };
}

async function stop(server: Server, stopWork: () => Promise<unknown>): Promise<void> {
  const closed = new Promise<void>((resolve) => server.close(() => resolve()));
  server.closeIdleConnections();
  await stopWork();
  server.closeIdleConnections();
  const timeout = new AbortController();
  await Promise.race([closed, pause(lastAnswersMs, undefined, { signal: timeout.signal }).catch(() => undefined)]);
  timeout.abort();
  server.closeAllConnections();
  await closed;
}

/** The dashboard beside this package, if it was built. */
function builtDashboard(): string | null {
  try {
    const page = fileURLToPath(import.meta.resolve("@midwatch/dashboard/index.html"));
    return existsSync(page) ? dirname(page) : null;
  } catch {
    // The package is not installed: a server without pages is a server all the same.
    return null;
  }
}
