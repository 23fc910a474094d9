import { join } from "node:path";
import { reachableHost } from "@midwatch/server/loopback";
import { startSupervisor, SupervisorError, type RunningSupervisor, type SupervisorOptions } from "@midwatch/supervisor";
import { directNotifier } from "../alerting.ts";
import type { Target } from "../client.ts";
import type { Config } from "../config/config.ts";
import { localKey, serverAddress } from "../data-folder.ts";
import { CommandFailure } from "../failure.ts";
import { untilAskedToStop } from "../stop-request.ts";
import { checkedUrl } from "../target.ts";
import { log } from "../terminal.ts";
import { tellParent } from "../up/message.ts";

/** `midwatch supervise`: keeps every agent of the file until it is asked to stop; then they are stopped, too. */
export async function runSupervise(config: Config, named: { server?: string; key?: string }): Promise<void> {
  if (config.agents.length === 0) {
    const file = config.file ?? "midwatch.yaml, which is not in this folder";
    throw new CommandFailure(78, `There is no agent to keep: add one under \`agents:\` in ${file}.`);
  }
  const supervisor = await openSupervisor({
    folder: join(config.server.dataDir, "supervisor"),
    agents: config.agents,
    server: serverOf(config, named),
    notifier: directNotifier(config),
    log,
  });
  tellParent({ ready: null });
  log(`keeping ${config.agents.map(({ name }) => name).join(", ")}`);
  await untilAskedToStop(() => void supervisor.stop({ agents: "stop" }));
  await supervisor.stop({ agents: "stop" });
}

/** Starts a supervisor; what keeps it from starting becomes a sentence and a status. */
export async function openSupervisor(options: SupervisorOptions): Promise<RunningSupervisor> {
  try {
    return await startSupervisor(options);
  } catch (error) {
    if (error instanceof SupervisorError) throw new CommandFailure(78, error.message, { cause: error });
    throw error;
  }
}

/** The server that was named, else the one that the file describes. */
function serverOf(config: Config, named: { server?: string; key?: string }): Target {
  const { dataDir } = config.server;
  const url = named.server === undefined ? ownServer(config) : checkedUrl(named.server);
  const key = named.key ?? localKey(dataDir, "ingest");
  if (key !== null) return { url, key };
  throw new CommandFailure(
    78,
    `There is no key for ${url} in ${dataDir}. Start the server first (\`midwatch server\` or \`midwatch up\`), or give one with --key KEY.`,
  );
}

/** Port 0 lets the system choose; then only the server itself knows where it listens. */
function ownServer({ server: { host, port, dataDir } }: Config): string {
  const known = port === 0 ? serverAddress(dataDir)?.url : undefined;
  return known ?? `http://${reachableHost(host)}:${port}`;
}
