import { spawnSync } from "node:child_process";
import { existsSync } from "node:fs";
import { userInfo } from "node:os";
import type { Config } from "../config/config.ts";
import { CommandFailure } from "../failure.ts";
import { writeBootFile, type BootFile, type CommandLine, type Written } from "../install/boot-file.ts";
import { notesOf, planBoot, type BootPlan, type User } from "../install/boot-plan.ts";
import { composeService } from "../install/compose-service.ts";
import { launchdJob } from "../install/launchd-job.ts";
import { systemdUnit } from "../install/systemd-unit.ts";
import { version } from "../version.ts";

export interface InstallOptions {
  readonly systemd?: boolean;
  readonly launchd?: boolean;
  readonly compose?: boolean;
  /** A service of this user's session, whoever runs the command. */
  readonly user?: boolean;
  readonly supervise?: boolean;
  readonly server?: string;
  readonly data?: string;
  readonly name: string;
  readonly print?: boolean;
  readonly force?: boolean;
  readonly start?: boolean;
}

/** `midwatch install`: writes what makes this machine start Midwatch at boot, and says how to switch it on. */
export function runInstall(config: Config, options: InstallOptions): void {
  const isRoot = process.getuid?.() === 0;
  const isSystem = isRoot && options.user !== true;
  const plan = planBoot(
    config,
    { ...options, supervise: options.supervise ?? false, isSystem, user: isSystem ? realUser() : ownUser() },
    {
      execPath: process.execPath,
      execArgv: process.execArgv,
      script: process.argv[1] ?? "",
      path: process.env["PATH"] ?? "/usr/local/bin:/usr/bin:/bin",
    },
  );
  const file = bootFileOf(plan, options);
  if (options.print === true) {
    process.stderr.write(`# ${file.path}\n`);
    process.stdout.write(file.text);
    return;
  }
  const written = writeBootFile(file, { about: plan.about, force: options.force ?? false });
  const commands = written === "changed" ? file.restart : file.start;
  tell({ file, written, notes: [...notesOf(plan), ...file.notes] });
  if (options.start === true) run(commands);
  else process.stdout.write(`\nNext:\n${commands.map((command) => `  ${spell(command)}\n`).join("")}`);
}

function bootFileOf(plan: BootPlan, options: InstallOptions): BootFile {
  const { systemd = false, launchd = false, compose = false } = options;
  if ([systemd, launchd, compose].filter(Boolean).length > 1) {
    throw new CommandFailure(2, "Choose one of --systemd, --launchd and --compose.");
  }
  const node = process.versions.node.split(".")[0] ?? "";
  if (compose) return composeService(plan, { node, midwatch: version });
  if (launchd || (!systemd && process.platform === "darwin")) return launchdJob(plan);
  if (!systemd && !existsSync("/run/systemd/system")) {
    throw new CommandFailure(
      1,
      "No systemd runs here. Choose what starts Midwatch: --systemd (writes the unit all the same), --launchd or --compose; add --print to see it first.",
    );
  }
  return systemdUnit(plan);
}

function ownUser(): User {
  const { username, uid, gid, homedir } = userInfo();
  return { name: username, uid, gid, home: homedir };
}

/** Behind `sudo` stands a person, and the agents are theirs. */
function realUser(): User {
  const { SUDO_USER: name, SUDO_UID: uid, SUDO_GID: gid } = process.env;
  if (name === undefined || uid === undefined || gid === undefined) return ownUser();
  // Of the machine's services nothing is looked for in a home.
  return { name, uid: Number(uid), gid: Number(gid), home: "/" };
}

const words: Readonly<Record<Written, string>> = {
  new: "is written",
  changed: "is written anew",
  same: "is as it should be already",
};

function tell(about: { readonly file: BootFile; readonly written: Written; readonly notes: readonly string[] }): void {
  const { file, written, notes } = about;
  process.stdout.write(`${file.path} ${words[written]}.\n`);
  for (const note of notes) process.stdout.write(`\n${note}\n`);
}

function run(commands: readonly CommandLine[]): void {
  for (const command of commands) {
    process.stdout.write(`\n> ${spell(command)}\n`);
    const [program = "", ...args] = command.words;
    const { status, error } = spawnSync(program, args, { stdio: "inherit" });
    if (status === 0 || command.mayFail === true) continue;
    throw new CommandFailure(
      1,
      `\`${spell(command)}\` failed${error === undefined ? ` with status ${String(status)}` : `: ${error.message}`}. The file is written; go on from this command by hand.`,
    );
  }
}

function spell({ words: line, mayFail }: CommandLine): string {
  const text = line
    .map((word) => (/^[\w@%+=:,./-]+$/.test(word) ? word : `'${word.replaceAll("'", "'\\''")}'`))
    .join(" ");
  return mayFail === true ? `${text} || true` : text;
}
