// A Docker daemon of our own, as for the tests, with `--restart always`. Its own death is looked at twice: as Docker is
// installed, and with its option `live-restore`.

import { execFileSync } from "node:child_process";
import { openDockerDaemon, type DockerDaemon } from "../../packages/supervisor/src/testing/docker-daemon.ts";
import { scriptFolder } from "./agents.ts";
import { whyNot } from "./command.ts";
import type { Agent, Installed, Keeper } from "./keeper.ts";
import { processes } from "./processes.ts";

export async function installDocker(): Promise<Installed> {
  const name = "Docker";
  const opened = await openDockerDaemon();
  if (!opened.ok) return { name, missing: opened.why };
  await opened.daemon.close();
  try {
    const version = /version ([^,]+)/.exec(execFileSync("dockerd", ["--version"], { encoding: "utf8" }))?.[1] ?? "";
    return { name, version, open: openDocker };
  } catch (error) {
    return { name, missing: whyNot(error) };
  }
}

const atOnce = 4;

interface Inspected {
  readonly State: { readonly Status: string; readonly Health?: { readonly Status: string } };
}

async function openDocker(folder: string, agents: readonly Agent[]): Promise<Keeper> {
  const opened = await openDockerDaemon();
  if (!opened.ok) throw new Error(opened.why);
  const { daemon } = opened;
  try {
    for (let first = 0; first < agents.length; first += atOnce) {
      await Promise.all(agents.slice(first, first + atOnce).map((agent) => startContainer(daemon, folder, agent)));
    }
  } catch (error) {
    await daemon.close();
    throw error;
  }
  const inspect = async (agent: string): Promise<Inspected["State"]> =>
    ((await daemon.call("GET", `/containers/${agent}/json`)).body as Inspected).State;
  return {
    parts: () => partsOf(daemon),
    stop: async (agent) => {
      await daemon.call("POST", `/containers/${agent}/stop`);
    },
    hasGivenUp: async (agent) => ["exited", "dead"].includes((await inspect(agent)).Status),
    says: async (agent) => {
      const { Status, Health } = await inspect(agent);
      return Health === undefined ? Status : `${Status}, ${Health.Status}`;
    },
    kill: () => daemon.end("SIGKILL"),
    again: [
      { how: "as installed", start: () => daemon.start() },
      { how: "`live-restore`", start: () => daemon.start({ liveRestore: true }) },
    ],
    close: () => daemon.close(),
  };
}

function startContainer(
  daemon: DockerDaemon,
  folder: string,
  { name, argv, env, does, stamps }: Agent,
): Promise<string> {
  const check = `[ $(($(busybox date +%s) - $(busybox stat -c %Y ${stamps}.turn))) -lt 3 ]`;
  const second = 1_000_000_000;
  const health = {
    Test: ["CMD-SHELL", check],
    Interval: second,
    Timeout: 5 * second,
    Retries: 2,
    StartPeriod: 2 * second,
  };
  return daemon.run({
    name,
    script: "",
    restart: { Name: "always" },
    config: {
      Cmd: argv,
      Env: Object.entries(env).map(([key, value]) => `${key}=${value}`),
      ...(does === "hang" ? { Healthcheck: health } : {}),
    },
    host: { Binds: [`${folder}:${folder}`, `${scriptFolder}:${scriptFolder}:ro`] },
  });
}

/** dockerd and its containerd; and a shim for each container, which is nobody's child. All name the folder in their command line. */
function partsOf(daemon: DockerDaemon): { readonly daemon: readonly number[]; readonly perAgent: readonly number[] } {
  const own = processes().filter(({ command }) => command.includes(daemon.folder));
  const isShim = (command: string): boolean => /^\S*containerd-shim/.test(command.split("\0")[0] ?? "");
  return {
    daemon: own
      .filter(({ command }) => /^\S*(?:dockerd|containerd)$/.test(command.split("\0")[0] ?? ""))
      .map(({ pid }) => pid),
    perAgent: own.filter(({ command }) => isShim(command)).map(({ pid }) => pid),
  };
}
