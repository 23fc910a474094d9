// PM2 as it comes from npm, in a folder of its own. After its daemon's death an operator types `pm2 resurrect`, which starts what
// `pm2 save` wrote down; the unit that PM2 writes for a boot does the same.

import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { plainEnvironment, run, whyNot } from "./command.ts";
import type { Agent, Installed, Keeper } from "./keeper.ts";
import { isAlive, kill } from "./processes.ts";
import { until } from "./agents.ts";

export async function installPm2(folder: string): Promise<Installed> {
  const name = "PM2";
  try {
    const flags = ["--no-audit", "--no-fund", "--loglevel=error", "--prefix", folder];
    await run("npm", ["install", ...flags, "pm2@latest"], { withinMs: 90_000 });
    const home = join(folder, "node_modules/pm2");
    const { version } = JSON.parse(readFileSync(join(home, "package.json"), "utf8")) as { version: string };
    const command = join(home, "bin/pm2");
    return { name, version, open: (scene, agents) => openPm2(command, scene, agents) };
  } catch (error) {
    return { name, missing: `npm could not install it: ${whyNot(error)}` };
  }
}

interface Listed {
  readonly name: string;
  readonly pm2_env: { readonly status: string; readonly restart_time: number };
}

async function openPm2(command: string, folder: string, agents: readonly Agent[]): Promise<Keeper> {
  const env = plainEnvironment({ PM2_HOME: join(folder, "pm2"), PM2_DISABLE_VERSION_CHECK: "true" });
  const pm2 = (...args: string[]): Promise<string> => run(process.execPath, [command, ...args], { env });
  const apps = agents.map(({ name, argv: [script, ...args], env: own }) => ({
    name,
    script,
    args,
    env: own,
    interpreter: "none",
  }));
  const file = join(folder, "agents.config.json");
  writeFileSync(file, JSON.stringify({ apps }));
  await pm2("start", file);
  const pid = (): number => Number(readFileSync(join(folder, "pm2/pm2.pid"), "utf8"));
  const statusOf = async (agent: string): Promise<string> => {
    const text = await pm2("jlist");
    const list = JSON.parse(text.slice(text.indexOf("["))) as Listed[];
    return list.find(({ name }) => name === agent)?.pm2_env.status ?? "not listed";
  };
  return {
    parts: () => ({ daemon: [pid()], perAgent: [] }),
    stop: async (agent) => {
      await pm2("stop", agent);
    },
    hasGivenUp: async (agent) => (await statusOf(agent)) === "errored",
    says: statusOf,
    kill: async () => {
      await pm2("save");
      const daemon = pid();
      kill(daemon);
      await until(() => !isAlive(daemon), 5_000);
    },
    again: [
      {
        how: "`pm2 resurrect`",
        start: async () => {
          await pm2("resurrect");
        },
      },
    ],
    close: async () => {
      await pm2("kill");
    },
  };
}
