import { join } from "node:path";
import { isLoopbackName } from "@midwatch/protocol";
import type { AgentEnd, RunningSupervisor, SupervisorOptions } from "@midwatch/supervisor";
import { agentEnvironment, knownServer } from "../agent-environment.ts";
import { call } from "../client.ts";
import type { Config } from "../config/config.ts";
import { localKey, serverAddress } from "../data-folder.ts";
import { CommandFailure, exitStatusOf } from "../failure.ts";
import { ensureLocalKeys } from "../local-keys.ts";
import { openStore } from "../open-store.ts";
import { untilAskedToStop } from "../stop-request.ts";
import { supervisedServer } from "../supervised-server.ts";
import { log } from "../terminal.ts";
import { ownMeter, ownMeterName } from "../up/own-meter.ts";
import { afterOwn, ownServer, ownServerName } from "../up/own-server.ts";
import { lacksLinks, welcome } from "../welcome.ts";
import { notifierOf, openSupervisor, reloadConfig } from "./supervise.ts";

const askAgainMs = 200;

/**
 * `midwatch up`: this process is the supervisor, and the server is the first thing it keeps. They watch each other: the
 * server beats to the supervisor like an agent, and a supervisor that the server does not hear of is an incident.
 */
export async function runUp(read: () => Config, args: readonly string[]): Promise<void> {
  let config = read();
  const load = (): Config => (config = read());
  const { dataDir } = config.server;
  await makeLocalKeys(config);
  const refused = Promise.withResolvers<AgentEnd>();
  const greeted = new AbortController();
  const agentsOf = (now: Config): SupervisorOptions["agents"] => {
    const own = [ownServer(now, args), ...ownMeter(now, args)];
    return [...own, ...afterOwn(now.agents, own)];
  };
  const notifier = notifierOf(config);
  let supervisor: RunningSupervisor | null = null;
  // Listened for before anything runs: what is asked meanwhile must not end this process and leave the agents alone.
  const asked = untilAskedToStop({
    onAgain: () => void supervisor?.stop({ agents: "stop" }),
    onReload: () => void (supervisor && reloadConfig(supervisor, { load, agentsOf, notifier })),
  });
  supervisor = await openSupervisor({
    folder: join(dataDir, "supervisor"),
    agents: agentsOf(config),
    server: supervisedServer(() => config, {}),
    environmentFor: agentEnvironment({
      configNow: () => config,
      agentsNow: () => config.agents,
      serverNow: () => knownServer(config, { url: null, key: null }),
    }),
    notifier,
    log,
    onOutput: (agent, chunk) => {
      if (agent === ownServerName || agent === ownMeterName) process.stderr.write(chunk);
    },
    // A refusal at the first start is for the person who looks on; later it is kept trying.
    onEnd: (end) => {
      if (end.agent === ownServerName && !greeted.signal.aborted) refused.resolve(end);
    },
  });
  void greet(config).then(() => greeted.abort());
  const end = await Promise.race([refused.promise, asked]);
  if (typeof end === "string") log("stopping: agents first, then the server …");
  await supervisor.stop({ agents: "stop" });
  if (typeof end !== "string") {
    throw new CommandFailure(exitStatusOf(end.code), "Midwatch has not started; the lines above say why.");
  }
}

/** The supervisor needs a key before the server is there; on a database that cannot be opened the server says why. */
async function makeLocalKeys({ server: { host, dataDir } }: Config): Promise<void> {
  const store = await openStore(dataDir);
  try {
    const isOpen = (await store.keys()).some(({ revokedAt }) => revokedAt === null);
    // Elsewhere than on loopback the first key has to be made by a person.
    if (!isLoopbackName(host) && !isOpen) {
      throw new CommandFailure(
        78,
        `${host} can be reached from other machines, and there is no key yet that would let anybody in. Make one first (\`midwatch key create --scope admin\`), or listen on 127.0.0.1.`,
      );
    }
    await ensureLocalKeys(store, dataDir);
  } finally {
    await store.close();
  }
}

/** Once the server answers, tells the person where to look and how to send a beat. */
async function greet(config: Config): Promise<void> {
  const { dataDir } = config.server;
  for (;;) {
    const signInLink = await signInLinkOf(dataDir);
    if (signInLink !== null) {
      const url = new URL(signInLink).origin;
      const agents = config.agents.map(({ name }) => name);
      const ingestKey = localKey(dataDir, "ingest");
      process.stdout.write(welcome({ url, signInLink, ingestKey, agents, lacksLinks: lacksLinks(config) }));
      return;
    }
    await new Promise((resolve) => setTimeout(resolve, askAgainMs).unref());
  }
}

async function signInLinkOf(dataDir: string): Promise<string | null> {
  const url = serverAddress(dataDir)?.url;
  const key = localKey(dataDir, "admin");
  if (url === undefined || key === null) return null;
  try {
    const { path } = await call<{ path: string }>({ url, key }, "POST", "/api/v1/sign-in-links", {});
    return new URL(path, url).href;
  } catch {
    // Not listening yet.
    return null;
  }
}
