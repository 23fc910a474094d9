// supervisord of this machine, else from PyPI in an environment of its own.

import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { until } from "./agents.ts";
import { ended, onPath, plainEnvironment, run, startDaemon, whyNot } from "./command.ts";
import type { Agent, Installed, Keeper } from "./keeper.ts";

export async function installSupervisord(folder: string): Promise<Installed> {
  const name = "supervisord";
  try {
    const own = onPath("supervisord");
    if (own === null) {
      await run("python3", ["-m", "venv", folder]);
      await run(join(folder, "bin/pip"), ["install", "--quiet", "--disable-pip-version-check", "supervisor"]);
    }
    const daemon = own ?? join(folder, "bin/supervisord");
    const version = (await run(daemon, ["--version"])).trim();
    return { name, version, open: (scene, agents) => openSupervisord(daemon, scene, agents) };
  } catch (error) {
    return { name, missing: `neither on this machine nor to be had from PyPI: ${whyNot(error)}` };
  }
}

async function openSupervisord(program: string, folder: string, agents: readonly Agent[]): Promise<Keeper> {
  const file = join(folder, "supervisord.conf");
  writeFileSync(file, configuration(folder, agents));
  const env = plainEnvironment();
  const control = (...args: string[]): Promise<string> =>
    run(program.replace(/supervisord$/, "supervisorctl"), ["-c", file, ...args], { env, anyStatus: true });
  const answers = (): Promise<boolean> => until(async () => /^\d+$/.test((await control("pid")).trim()), 15_000);
  const start = (): ReturnType<typeof startDaemon> =>
    startDaemon(program, ["-n", "-c", file], { env, log: join(folder, "daemon.log") });
  let daemon = start();
  await answers();
  const statusOf = async (agent: string): Promise<string> => (await control("status", agent)).split(/\s+/)[1] ?? "";
  return {
    parts: () => ({ daemon: [daemon.pid ?? 0], perAgent: [] }),
    stop: async (agent) => {
      await control("stop", agent);
    },
    hasGivenUp: async (agent) => (await statusOf(agent)) === "FATAL",
    says: statusOf,
    kill: async () => {
      daemon.kill("SIGKILL");
      await ended(daemon, 5_000);
    },
    again: [
      {
        how: "",
        start: async () => {
          daemon = start();
          await answers();
        },
      },
    ],
    close: async () => {
      daemon.kill("SIGTERM");
      await ended(daemon, 20_000);
    },
  };
}

function configuration(folder: string, agents: readonly Agent[]): string {
  const at = (name: string): string => join(folder, name);
  const programs = agents.flatMap(({ name, argv, env }) => [
    `[program:${name}]`,
    `command=${argv.join(" ")}`,
    `environment=${Object.entries(env)
      .map(([key, value]) => `${key}="${value}"`)
      .join(",")}`,
    "autorestart=true",
  ]);
  return [
    "[unix_http_server]",
    `file=${at("socket")}`,
    "[supervisord]",
    `logfile=${at("supervisord.log")}`,
    `pidfile=${at("pid")}`,
    `childlogdir=${folder}`,
    "[rpcinterface:supervisor]",
    "supervisor.rpcinterface_factory=supervisor.rpcinterface:make_main_rpcinterface",
    "[supervisorctl]",
    `serverurl=unix://${at("socket")}`,
    ...programs,
    "",
  ].join("\n");
}
