import { defaultSettings, type AgentSettings } from "@midwatch/core";
import { ConfigError, startServer, systemClock, textLog, type RunningServer } from "@midwatch/server";
import { isLoopbackName } from "@midwatch/server/loopback";
import { openSqliteStore, StoreError, type SqliteOptions, type Store } from "@midwatch/store";
import { alerting } from "../alerting.ts";
import type { AgentDefaults, Config } from "../config/config.ts";
import { claimDataFolder, localKey, openDataFolder, saveServerAddress } from "../data-folder.ts";
import { CommandFailure } from "../failure.ts";
import { ensureLocalKeys } from "../local-keys.ts";
import { untilAskedToStop } from "../stop-request.ts";
import { version } from "../version.ts";
import { welcome } from "../welcome.ts";
import { tellParent } from "../up/message.ts";

/** `midwatch server`: runs until it is asked to stop. Under `midwatch up` the parent greets, alone it does so itself. */
export async function runServer(config: Config): Promise<void> {
  const { dataDir } = config.server;
  const store = await openStore(dataDir);
  const claim = claimDataFolder(dataDir);
  try {
    const server = await start(config, store);
    const ready = { url: server.url, signInLink: await server.signInLink() };
    if (!tellParent({ ready })) {
      process.stdout.write(welcome({ ...ready, ingestKey: localKey(dataDir, "ingest"), agents: [] }));
    }
    await untilAskedToStop();
    await server.stop();
  } finally {
    await store.close();
    claim.release();
  }
}

/** Opens the database of a data folder; every way in which a folder can refuse becomes a sentence. */
export async function openStore(dataDir: string, more: Pick<SqliteOptions, "busyTimeoutMs"> = {}): Promise<Store> {
  try {
    const { database } = openDataFolder(dataDir);
    return await openSqliteStore({ file: database, ...more });
  } catch (error) {
    if (error instanceof StoreError) throw new CommandFailure(78, error.message, { cause: error });
    const reason = error instanceof Error ? error.message : String(error);
    throw new CommandFailure(
      78,
      `The data folder ${dataDir} can't be used: ${reason}. Name another with --data DIR, or make this one writable.`,
      { cause: error },
    );
  }
}

async function start(config: Config, store: Store): Promise<RunningServer> {
  const { host, port, dataDir, timezone, strict } = config.server;
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
      defaults: settingsOf(config.defaults),
      log: textLog(process.stderr, systemClock),
      version,
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
  return {
    ...defaultSettings,
    intervalMs,
    missedLimit,
    startupMs,
    restart: { ...defaultSettings.restart, restart, cooldownMs, maxRestarts, probationMs },
  };
}
