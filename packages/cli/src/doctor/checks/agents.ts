// What the file says of agents, held against this machine: what can't be started, what would be lost, and what is weaker than
// it looks.

import { basename, resolve } from "node:path";
import { upperFirst } from "@midwatch/core";
import type { SupervisedAgent } from "@midwatch/supervisor";
import { argumentsOf, findCommand } from "@midwatch/supervisor/command-line";
import { check } from "../check.ts";
import { fileSystemOf, kindOf } from "../probes/mounts.ts";
import { parseUnitFile } from "../probes/unit-file.ts";
import type { UnitFacts } from "../probes/boot-units.ts";
import { bad, worthKnowing, type Remark } from "../remark.ts";
import type { World } from "../world.ts";

export interface AgentFacts {
  readonly name: string;
  readonly liveness: SupervisedAgent["liveness"];
  readonly restart: SupervisedAgent["restart"];
  readonly cwd: string;
  /** Of a process; null for what a platform runs. */
  readonly command: {
    readonly argv: readonly string[];
    readonly env: Readonly<Record<string, string>>;
    /** Why it can't be started; null when it can. */
    readonly missing: string | null;
    /** The unit that starts Midwatch at boot, and would not find it; null when there is none, or when it would. */
    readonly missingForUnit: string | null;
    /** `PYTHONUNBUFFERED` as the agent would inherit it. */
    readonly unbuffered: boolean;
  } | null;
  readonly state: readonly { readonly path: string; readonly fileSystem: string | null }[];
}

/** What systemd gives to a service that says nothing else. */
const unitPath = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin";

export const agents = check<readonly AgentFacts[]>({
  name: "agents",
  probe,
  judge: (all) => [...all.flatMap(judgeAgent), ...judgeTwins(all)],
});

export function judgeAgent(agent: AgentFacts): readonly Remark[] {
  return [...startable(agent), ...python(agent), ...lostState(agent), ...weaker(agent)];
}

function startable({ name, command }: AgentFacts): readonly Remark[] {
  if (command === null) return [];
  if (command.missing !== null) {
    return [
      bad({
        title: `${name} can't be started`,
        why: `${upperFirst(command.missing.split(";")[0] ?? command.missing)}.`,
        fix: `${upperFirst((command.missing.split(";")[1] ?? "correct it in the file").trim())} (\`agents.${name}\`).`,
      }),
    ];
  }
  if (command.missingForUnit === null) return [];
  return [
    bad({
      title: `${name} starts from your shell, and not at boot`,
      why: `\`${command.argv[0] ?? ""}\` is found by your PATH and not by that of ${command.missingForUnit}: systemd knows nothing of what your shell's profile adds (nvm, pyenv, ~/.local/bin).`,
      fix: `Write its full path under \`agents.${name}.run\`, or give the unit yours:\n  [Service]\n  Environment=PATH=…`,
    }),
  ];
}

function python({ name, command }: AgentFacts): readonly Remark[] {
  if (command === null) return [];
  const [program = "", ...rest] = command.argv;
  const isPython = /^python[\d.]*$/.test(basename(program));
  if (!isPython || command.unbuffered || rest.some((word) => /^-[A-Za-z]*u[A-Za-z]*$/.test(word))) return [];
  return [
    worthKnowing({
      title: `the last words of ${name} are lost when it is killed`,
      why: "Python holds back what it prints to a file, up to 8 KB. When it is killed, what would say why was never written.",
      fix: `  agents:\n    ${name}:\n      env: { PYTHONUNBUFFERED: "1" }`,
    }),
  ];
}

function lostState({ name, state }: AgentFacts): readonly Remark[] {
  return state
    .filter(({ fileSystem }) => fileSystem !== null && kindOf(fileSystem) === "memory")
    .map(({ path, fileSystem }) =>
      bad({
        title: `the state of ${name} is lost at every reboot`,
        why: `${path} lies in memory (${fileSystem ?? ""}), with the generations that Midwatch keeps of it.`,
        fix: `Let it write to a disk, and correct \`agents.${name}.state\`.`,
      }),
    );
}

function weaker({ name, liveness, restart }: AgentFacts): readonly Remark[] {
  const remarks: Remark[] = [];
  if (liveness === "process") {
    remarks.push(
      worthKnowing({
        title: `a hang of ${name} is not noticed`,
        why: "`liveness: process` counts a process that exists as alive. One that waits for ever for an answer does exist.",
        fix: `If it can be changed: let it beat from its loop, and remove \`agents.${name}.liveness\`.`,
      }),
    );
  }
  if (restart === "never") {
    remarks.push(
      worthKnowing({
        title: `${name} is not started again when it dies`,
        why: "`restart: never` means that every end of it, a crash as well, waits for a person.",
        fix: `If that is not meant: remove \`agents.${name}.restart\`, or set it to on-failure.`,
      }),
    );
  }
  return remarks;
}

/** Two that would be one: a command copied in the file, or one state for two. */
export function judgeTwins(all: readonly AgentFacts[]): readonly Remark[] {
  const commands = pairs(all, ({ command, cwd }) =>
    command === null ? [] : [JSON.stringify([command.argv, cwd, Object.entries(command.env).toSorted()])],
  );
  const states = pairs(all, ({ state }) => state.map(({ path }) => path));
  return [
    ...commands.map(({ first, second }) =>
      worthKnowing({
        title: `${first} and ${second} are the same command in the same folder`,
        why: "If the second is a copy that was not changed, everything is done, and paid for, twice.",
        fix: `Remove one, or let \`run\`, \`cwd\` or \`env\` tell them apart.`,
      }),
    ),
    ...states.map(({ first, second, key }) =>
      bad({
        title: `${first} and ${second} share a state file`,
        why: `Both declare ${key}. Each overwrites what the other has learned, and the one that is restored takes the other back in time.`,
        fix: `Give each a file of its own under \`agents.${second}.state\`.`,
      }),
    ),
  ];
}

function pairs(
  all: readonly AgentFacts[],
  keysOf: (agent: AgentFacts) => readonly string[],
): readonly { readonly first: string; readonly second: string; readonly key: string }[] {
  const seen = new Map<string, string>();
  const found = [];
  for (const agent of all) {
    for (const key of keysOf(agent)) {
      const first = seen.get(key);
      if (first === undefined) seen.set(key, agent.name);
      else if (first !== agent.name) found.push({ first, second: agent.name, key });
    }
  }
  return found;
}

async function probe({ config, mounts, units }: World): Promise<readonly AgentFacts[]> {
  const [mounted, known] = await Promise.all([mounts(), units()]);
  const unit = known[0] ?? null;
  return config.agents.map((agent) => ({
    name: agent.name,
    liveness: agent.liveness,
    restart: agent.restart,
    cwd: agent.cwd,
    command: agent.target.platform === "process" ? commandFacts(agent, argumentsOf(agent.target.run), unit) : null,
    state: agent.state.files.map((file) => {
      const path = resolve(agent.cwd, file.path);
      return { path, fileSystem: fileSystemOf(path, mounted) };
    }),
  }));
}

function commandFacts(
  { cwd, env }: SupervisedAgent,
  argv: readonly string[],
  unit: UnitFacts | null,
): NonNullable<AgentFacts["command"]> {
  const path = env["PATH"] ?? process.env["PATH"] ?? unitPath;
  const found = findCommand(argv, { cwd, path });
  const forUnit = unit === null ? found : findCommand(argv, { cwd, path: env["PATH"] ?? pathOf(unit) });
  return {
    argv,
    env,
    missing: found.ok ? null : found.reason,
    missingForUnit: found.ok && !forUnit.ok ? (unit?.name ?? null) : null,
    unbuffered: (env["PYTHONUNBUFFERED"] ?? process.env["PYTHONUNBUFFERED"] ?? "") !== "",
  };
}

/** `Environment=PATH=/a:/b`, with or without quotes. */
function pathOf({ text }: UnitFacts): string {
  const set = parseUnitFile(text)
    .values("Service", "Environment")
    .flatMap((line) => /(?:^|[\s"'])PATH=([^\s"']+)/.exec(line)?.[1] ?? []);
  return set.at(-1) ?? unitPath;
}
