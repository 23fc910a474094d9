import { join } from "node:path";
import {
  startSupervisor,
  SupervisorError,
  type Notifier,
  type RunningSupervisor,
  type SupervisorOptions,
} from "@midwatch/supervisor";
import { agentEnvironment, knownServer } from "../agent-environment.ts";
import { directNotifier } from "../alerting.ts";
import type { Config } from "../config/config.ts";
import { CommandFailure } from "../failure.ts";
import { supervisedServer } from "../supervised-server.ts";
import { untilAskedToStop } from "../stop-request.ts";
import { checkedUrl } from "../target.ts";
import { log } from "../terminal.ts";

/** `midwatch supervise`: keeps every agent of the file until it is asked to stop; then they are stopped, too. */
export async function runSupervise(read: () => Config, named: { server?: string; key?: string }): Promise<void> {
  let config = read();
  const load = (): Config => (config = read());
  if (config.agents.length === 0) {
    const file = config.file ?? "midwatch.yaml, which is not in this folder";
    throw new CommandFailure(78, `There is no agent to keep: add one under \`agents:\` in ${file}.`);
  }
  const notifier = notifierOf(config);
  let supervisor: RunningSupervisor | null = null;
  // Listened for before anything runs: what is asked meanwhile must not end this process and leave the agents alone.
  const asked = untilAskedToStop({
    onAgain: () => void supervisor?.stop({ agents: "stop" }),
    onReload: () => void (supervisor && reloadConfig(supervisor, { load, agentsOf: ({ agents }) => agents, notifier })),
  });
  supervisor = await openSupervisor({
    folder: join(config.server.dataDir, "supervisor"),
    agents: config.agents,
    server: supervisedServer(() => config, named),
    environmentFor: agentEnvironment({
      configNow: () => config,
      agentsNow: () => config.agents,
      serverNow: () =>
        knownServer(config, {
          url: named.server === undefined ? null : checkedUrl(named.server),
          key: named.key ?? null,
        }),
    }),
    notifier,
    log,
  });
  log(`keeping ${config.agents.map(({ name }) => name).join(", ")}`);
  await asked;
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

export interface ReloadableNotifier extends Notifier {
  /** Tells through these channels from now on. */
  readonly use: (config: Config) => void;
}

/** The channels of the file, which may be another one tomorrow. */
export function notifierOf(config: Config): ReloadableNotifier {
  let current = directNotifier(config);
  return {
    notify: (notice) => current.notify(notice),
    use: (next) => {
      current = directNotifier(next);
    },
  };
}

/** Reads the file again. One with a mistake changes nothing, and says so. */
export async function reloadConfig(
  supervisor: RunningSupervisor,
  with_: {
    readonly load: () => Config;
    readonly agentsOf: (config: Config) => SupervisorOptions["agents"];
    readonly notifier: ReloadableNotifier;
  },
): Promise<void> {
  const { load, agentsOf, notifier } = with_;
  try {
    const config = load();
    notifier.use(config);
    await supervisor.reload(agentsOf(config));
    log(`the configuration was read again; keeping ${config.agents.map(({ name }) => name).join(", ") || "no agent"}`);
  } catch (error) {
    if (!(error instanceof CommandFailure || error instanceof SupervisorError)) throw error;
    log(`the configuration was not taken over, and the old one stays: ${error.message}`);
  }
}
