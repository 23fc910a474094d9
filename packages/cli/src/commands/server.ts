import { defaultSettings, type AgentSettings } from "@midwatch/core";
import { ConfigError, startServer, systemClock, textLog, type RunningServer } from "@midwatch/server";
import { isLoopbackName } from "@midwatch/protocol";
import type { Store } from "@midwatch/store";
import { alerting } from "../alerting.ts";
import type { AgentDefaults, Config } from "../config/config.ts";
import { claimDataFolder, localKey, saveServerAddress } from "../data-folder.ts";
import { CommandFailure } from "../failure.ts";
import { ensureLocalKeys } from "../local-keys.ts";
import { openStore } from "../open-store.ts";
import { untilAskedToStop } from "../stop-request.ts";
import { version } from "../version.ts";
import { lacksLinks, welcome } from "../welcome.ts";
import { isKept, ownBeat } from "../up/own-beat.ts";
import { ownServerName } from "../up/own-server.ts";

/** `midwatch server`: runs until it is asked to stop. Under `midwatch up` the supervisor greets, alone it does so itself. */
export async function runServer(config: Config): Promise<void> {
  const { dataDir } = config.server;
  const store = await openStore(dataDir);
  const claim = claimDataFolder(dataDir);
  try {
    const server = await start(config, store);
    if (!isKept(process.env, ownServerName)) {
      const ready = { url: server.url, signInLink: await server.signInLink() };
      process.stdout.write(
        welcome({ ...ready, ingestKey: localKey(dataDir, "ingest"), agents: [], lacksLinks: lacksLinks(config) }),
      );
    }
    await untilAskedToStop();
    await server.stop();
  } finally {
    await store.close();
    claim.release();
  }
}

async function start(config: Config, store: Store): Promise<RunningServer> {
  const { host, port, dataDir, timezone, publicUrl, strict, allowExec } = config.server;
  try {
    const isOpen = (await store.keys()).some(({ revokedAt }) => revokedAt === null);
    // Elsewhere than on loopback the first key has to be made by a person: the server refuses to start without one.
    if (isLoopbackName(host) || isOpen) await ensureLocalKeys(store, dataDir);
    const server = await startServer({
      ...alerting(config),
      listen: { host, port },
      store,
      timeZone: timezone,
      strict,
      publicUrl,
      allowExec,
      prices: config.prices,
      budgets: config.budgets,
      watcher: config.watcher,
      defaults: settingsOf(config.defaults),
      log: textLog(process.stderr, systemClock),
      version,
      ...(isKept(process.env, ownServerName) ? { onTurn: ownBeat() } : {}),
    });
    saveServerAddress(dataDir, { url: server.url, pid: process.pid });
    return server;
  } catch (error) {
    if (error instanceof ConfigError) throw new CommandFailure(78, error.message, { cause: error });
    throw error;
  }
}

/** What `defaults:` says, in core's shape: it holds for agents that beat to the server by themselves, too. */
function settingsOf(defaults: AgentDefaults): AgentSettings {
  const { intervalMs, missedLimit, startupMs, restart, cooldownMs, maxRestarts, probationMs } = defaults;
  const { budget, onRunaway, detector, stuckCycles } = defaults;
  return {
    ...defaultSettings,
    intervalMs,
    missedLimit,
    startupMs,
    restart: { ...defaultSettings.restart, restart, cooldownMs, maxRestarts, probationMs },
    budget,
    onRunaway,
    detector,
    stuckCycles,
  };
}
