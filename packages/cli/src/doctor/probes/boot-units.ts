// Units of systemd, found in its folders rather than by asking it: the files say what will happen at the next boot, and can be
// read where no systemd runs. Where one does, `systemctl show` adds what it has made of them.

import { existsSync, readdirSync, realpathSync } from "node:fs";
import { homedir, userInfo } from "node:os";
import { join } from "node:path";
import type { RunTool } from "./run-tool.ts";
import { readSmallFile } from "./small-file.ts";
import { parseUnitFile } from "./unit-file.ts";

export type UnitScope = "system" | "user";

export interface UnitFacts {
  readonly name: string;
  readonly scope: UnitScope;
  readonly path: string;
  /** The file, and its drop-ins behind it. */
  readonly text: string;
  /** What `systemctl show` says of it; null where no systemd runs. */
  readonly shown: Readonly<Record<string, string>> | null;
  /** Started at boot, or at login of its user. */
  readonly enabled: boolean;
  /** Of a user unit: its user's services run without a login. */
  readonly linger: boolean;
}

export interface UnitFolders {
  /** In systemd's order: what stands in an earlier folder hides what stands in a later one. */
  readonly system: readonly string[];
  readonly user: readonly string[];
  /** Where a file named like a user lets services of that user run without a login. */
  readonly linger: string;
}

export function usualUnitFolders(): UnitFolders {
  const config = process.env["XDG_CONFIG_HOME"] ?? join(homedir(), ".config");
  return {
    system: ["/etc", "/run", "/usr/local/lib", "/usr/lib", "/lib"].map((root) => `${root}/systemd/system`),
    user: [
      join(config, "systemd/user"),
      "/etc/systemd/user",
      join(homedir(), ".local/share/systemd/user"),
      "/usr/lib/systemd/user",
    ],
    linger: "/var/lib/systemd/linger",
  };
}

/** Every unit that runs midwatch. Those of agents are the supervisor's to judge, which keeps them. */
export async function findUnits(given: {
  readonly folders: UnitFolders;
  readonly runTool: RunTool;
}): Promise<readonly UnitFacts[]> {
  const found: UnitFacts[] = [];
  for (const scope of ["system", "user"] as const) {
    for (const [name, path] of serviceFiles(given.folders[scope])) {
      const text = textOf(name, path, given.folders[scope]);
      if (!runsMidwatch(text)) continue;
      const shown = await show(name, scope, given.runTool);
      const enabled = shown?.["UnitFileState"] === "enabled" || isWanted(name, given.folders[scope]);
      const linger = existsSync(join(given.folders.linger, userInfo().username));
      found.push({ name, scope, path, text, shown, enabled, linger });
    }
  }
  return found;
}

const commands = "up|server|supervise|run";
const installed = new RegExp(String.raw`(?:^|[\s/'"])midwatch['"]?\s+(?:--\s+)?(?:${commands})\b`);
const fromFiles = new RegExp(String.raw`/(?:midwatch|cli)/(?:dist/main\.js|src/main\.ts)['"]?\s+(?:${commands})\b`);

/** A command line as it stands in a unit, a job or a table. */
export function isMidwatchCommand(line: string): boolean {
  return installed.test(line) || fromFiles.test(line);
}

function runsMidwatch(text: string): boolean {
  return parseUnitFile(text).values("Service", "ExecStart").some(isMidwatchCommand);
}

/** Services by name; the first folder wins. */
function serviceFiles(folders: readonly string[]): ReadonlyMap<string, string> {
  const files = new Map<string, string>();
  for (const folder of folders) {
    for (const name of entriesOf(folder)) {
      if (name.endsWith(".service") && !files.has(name)) files.set(name, join(folder, name));
    }
  }
  return files;
}

function textOf(name: string, path: string, folders: readonly string[]): string {
  const dropIns = new Map<string, string>();
  for (const folder of folders) {
    const own = join(folder, `${name}.d`);
    for (const entry of entriesOf(own)) {
      if (entry.endsWith(".conf") && !dropIns.has(entry)) dropIns.set(entry, join(own, entry));
    }
  }
  const inOrder = [...dropIns.keys()].toSorted().map((entry) => dropIns.get(entry) ?? "");
  return [path, ...inOrder].map((file) => readSmallFile(file) ?? "").join("\n");
}

/** Linked into what a target wants: that is all that `systemctl enable` does. */
function isWanted(name: string, folders: readonly string[]): boolean {
  return folders.some((folder) =>
    entriesOf(folder)
      .filter((entry) => entry.endsWith(".wants") || entry.endsWith(".requires"))
      .some((entry) => entriesOf(join(folder, entry)).includes(name)),
  );
}

function entriesOf(folder: string): readonly string[] {
  try {
    // A folder that is a link to another one (/lib to /usr/lib) is read all the same; its entries are there already.
    return readdirSync(realpathSync(folder));
  } catch {
    // Not there, which most of them are not.
    return [];
  }
}

const properties = [
  "ActiveState",
  "Result",
  "NRestarts",
  "Restart",
  "RestartUSec",
  "StartLimitIntervalUSec",
  "StartLimitBurst",
  "KillMode",
  "TimeoutStopUSec",
  "UnitFileState",
];

async function show(name: string, scope: UnitScope, runTool: RunTool): Promise<Record<string, string> | null> {
  if (!existsSync("/run/systemd/system")) return null;
  const asked = scope === "user" ? ["--user"] : [];
  const answer = await runTool("systemctl", [...asked, "show", name, "-p", properties.join(",")]);
  return answer?.status === 0 ? parseShow(answer.output) : null;
}

/** `KillMode=process`, one a line. */
export function parseShow(text: string): Record<string, string> | null {
  const lines = text.split("\n").filter((line) => line.includes("="));
  if (lines.length === 0) return null;
  return Object.fromEntries(lines.map((line) => [line.slice(0, line.indexOf("=")), line.slice(line.indexOf("=") + 1)]));
}
