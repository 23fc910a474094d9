import { basename, extname, join } from "node:path";
import type { AgentEnd } from "@midwatch/supervisor";
import { agentEnvironment } from "../agent-environment.ts";
import { directNotifier } from "../alerting.ts";
import type { Target } from "../client.ts";
import { noState, type Config, type KeptAgent } from "../config/config.ts";
import { withLimits } from "../config/cost-config.ts";
import { meteredProblem } from "../config/meter-config.ts";
import { isAlive, localKey, meterAddress, openDataFolder, serverAddress } from "../data-folder.ts";
import { CommandFailure } from "../failure.ts";
import type { GivenPolicy } from "../policy-flags.ts";
import { spellLimits } from "../spell-limits.ts";
import { untilAskedToStop } from "../stop-request.ts";
import { checkedUrl } from "../target.ts";
import { log } from "../terminal.ts";
import { openSupervisor } from "./supervise.ts";

export interface RunOptions {
  readonly name?: string;
  readonly server?: string;
  readonly key?: string;
  /** What was given as flags; the rest comes from the file's `defaults:`. */
  readonly policy: GivenPolicy;
  /** Providers whose calls go through the meter. */
  readonly meter?: readonly string[];
  readonly argv: readonly string[];
}

/**
 * `midwatch run -- CMD`: keeps one agent in the foreground, its output on this terminal, until it ends for good or this is asked to
 * stop. A server is told when there is one; without any it restarts and alerts all the same.
 */
export async function runOne(config: Config, options: RunOptions): Promise<void> {
  const { argv, policy } = options;
  const name = options.name ?? nameFrom(argv);
  const { dataDir } = config.server;
  openDataFolder(dataDir);
  const server = serverFor(dataDir, options);
  const agent: KeptAgent = {
    ...config.defaults,
    ...policy,
    budget: withLimits(config.defaults.budget, policy.budget ?? {}),
    name,
    meter: options.meter ?? [],
    target: { platform: "process", run: argv },
    cwd: process.cwd(),
    env: {},
    tags: [],
    state: noState,
    after: [],
    isReported: true,
  };
  requireMeter(config, agent);
  const supervisor = await openSupervisor({
    folder: join(dataDir, "run", encodeURIComponent(name)),
    agents: [agent],
    server,
    environmentFor: agentEnvironment({
      configNow: () => config,
      agentsNow: () => [agent],
      serverNow: () => server,
    }),
    notifier: directNotifier(config),
    log,
    onOutput: (_, chunk) => process.stdout.write(chunk),
    asked: true,
  });
  log(`keeping ${name}${server === null ? ", without a server: alerts appear here" : `, reporting to ${server.url}`}`);
  const limits = spellLimits(agent.budget);
  if (limits !== null) log(`${name} may use ${limits}`);
  const end = await Promise.race([
    supervisor.ended,
    untilAskedToStop({ onAgain: () => void supervisor.stop({ agents: "stop" }) }),
  ]);
  await supervisor.stop({ agents: "stop" });
  if (typeof end !== "string") failUnlessFine(end);
}

/** Somebody asked for it by a flag, and looks on: better no start than calls that nobody counts. */
function requireMeter(config: Config, agent: KeptAgent): void {
  if (agent.meter.length === 0) return;
  const problem = meteredProblem(agent);
  if (problem !== null) throw new CommandFailure(2, problem.replace(`agents.${agent.name}.meter`, "--meter"));
  const saved = meterAddress(config.server.dataDir);
  if (saved !== null && isAlive(saved.pid)) return;
  throw new CommandFailure(
    1,
    `No meter runs with the data folder ${config.server.dataDir}. Start one with \`midwatch meter\`, or add a meter: section to midwatch.yaml and start \`midwatch up\`.`,
  );
}

/** Ending on purpose and ending with status 0 are fine; anything else is for the caller to know. */
function failUnlessFine(ends: readonly AgentEnd[]): void {
  const bad = ends.filter(({ how, code }) => !(how === "stopped" || (how === "exited" && code === 0)));
  if (bad.length === 0) return;
  const said = bad.map(spellEnd).join("\n");
  throw new CommandFailure(1, `${said}\nWhen that is put right, start it again with the same command.`);
}

function spellEnd({ agent, how, reason }: AgentEnd): string {
  const words = {
    exited: "it has ended and is not started again",
    stopped: "it was stopped",
    exhausted: "it needs a human: its restarts have failed",
    refused: "it could not be started",
  };
  return `${agent}: ${reason ?? words[how]}`;
}

/** The server that was named, else one that has run with this data folder, else none. */
function serverFor(dataDir: string, { server, key }: RunOptions): Target | null {
  const url = server === undefined ? serverAddress(dataDir)?.url : checkedUrl(server);
  if (url === undefined) return null;
  const ownKey = key ?? localKey(dataDir, "ingest");
  if (ownKey !== null) return { url, key: ownKey };
  throw new CommandFailure(
    2,
    `There is no key for ${url} in ${dataDir}. Give one with --key KEY; \`midwatch key create --scope ingest\` on the server's machine makes it.`,
  );
}

/** `python bot/agent.py --live` → `agent`: the first argument that is a file of a program, else the command itself. */
function nameFrom(argv: readonly string[]): string {
  const script = argv.slice(1).find((argument) => !argument.startsWith("-") && extname(argument) !== "");
  const source = script ?? argv[0] ?? "agent";
  const name = basename(source, extname(source)).replace(/[^A-Za-z0-9._-]/g, "-");
  return name === "" ? "agent" : name.slice(0, 128);
}
