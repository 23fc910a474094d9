// Midwatch as a user has it: compiled, `midwatch server` and `midwatch supervise`, each a process. The keeper is the supervisor,
// which works without the server, too; the server is weighed by itself.

import { existsSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import type { ChildProcess } from "node:child_process";
import { until } from "./agents.ts";
import { ended, plainEnvironment, run, startDaemon } from "./command.ts";
import type { Agent, Kind, Keeper } from "./keeper.ts";
import { shellsOf, withVariable, agentVariable } from "./processes.ts";

const root = fileURLToPath(new URL("../..", import.meta.url));
const command = join(root, "packages/cli/dist/main.js");

/** Settings of the file, for all agents. */
export type Policy = Readonly<Record<string, string | number>>;

export async function buildMidwatch(): Promise<void> {
  await run(process.execPath, [join(root, "node_modules/typescript/bin/tsc"), "-b"], { cwd: root, withinMs: 120_000 });
}

export function midwatch(policy: Policy): Kind {
  const { version } = JSON.parse(readFileSync(join(root, "packages/cli/package.json"), "utf8")) as { version: string };
  return { name: "Midwatch", version, open: (folder, agents) => openMidwatch(folder, agents, policy) };
}

export interface Midwatch extends Keeper {
  readonly server: () => readonly number[];
  /** What the supervisor has said so far. */
  readonly log: () => string;
}

interface Listed {
  readonly name: string;
  readonly state: string;
  readonly recovery: { readonly phase: string } | null;
}

export async function openMidwatch(folder: string, agents: readonly Agent[], policy: Policy): Promise<Midwatch> {
  const file = join(folder, "midwatch.yaml");
  const data = join(folder, "data");
  writeFileSync(file, configuration(data, agents, policy));
  const env = plainEnvironment();
  const log = join(folder, "supervisor.log");
  const start = (name: string, to: string): ChildProcess =>
    startDaemon(process.execPath, [command, name, "--config", file], { env, log: to });
  const ask = (...args: string[]): Promise<string> =>
    run(process.execPath, [command, ...args, "--config", file], { env, anyStatus: true });
  const server = start("server", join(folder, "server.log"));
  await until(() => existsSync(join(data, "server.json")), 20_000);
  let supervisor = start("supervise", log);
  const listed = async (agent: string): Promise<Listed | undefined> =>
    (JSON.parse((await ask("status", "--json")) || "[]") as Listed[]).find(({ name }) => name === agent);
  return {
    parts: () => ({
      daemon: [supervisor.pid ?? 0],
      perAgent: agents.flatMap(({ env: own }) => shellsOf(own[agentVariable] ?? "")).map(({ pid }) => pid),
    }),
    server: () => [server.pid ?? 0],
    log: () => readFileSync(log, "utf8"),
    stop: async (agent) => {
      await ask("stop", agent);
    },
    hasGivenUp: async (agent) => (await listed(agent))?.recovery?.phase === "exhausted",
    says: async (agent) => (await listed(agent))?.state ?? "not listed",
    kill: async () => {
      supervisor.kill("SIGKILL");
      await ended(supervisor, 5_000);
    },
    again: [
      {
        how: "",
        start: () => {
          supervisor = start("supervise", log);
          return Promise.resolve();
        },
      },
    ],
    beat,
    close: async () => {
      for (const one of [supervisor, server]) {
        one.kill("SIGTERM");
        await ended(one, 30_000);
      }
    },
  };
}

/** YAML contains JSON. */
function configuration(data: string, agents: readonly Agent[], policy: Policy): string {
  const kept = agents.map(({ name, argv, env }) => [name, { run: argv.join(" "), env, ...policy }]);
  return JSON.stringify({ server: { listen: "127.0.0.1:0", data }, agents: Object.fromEntries(kept) as object });
}

let seq = 0;

/** What the agent would send from its loop, with what it was given in its environment. */
async function beat({ name, env }: Agent): Promise<void> {
  const [one] = withVariable(agentVariable, env[agentVariable] ?? "");
  const given = (variable: string): string =>
    new RegExp(`\\0${variable}=([^\\0]*)`).exec(one?.environment ?? "")?.[1] ?? "";
  seq += 1;
  await fetch(new URL("/api/v1/heartbeat", given("MIDWATCH_URL")), {
    method: "POST",
    headers: { "content-type": "application/json", authorization: `Bearer ${given("MIDWATCH_KEY")}` },
    body: JSON.stringify({ agent: name, run_id: given("MIDWATCH_RUN_ID"), seq, status: "ok", tokens_used: 0 }),
  });
}
