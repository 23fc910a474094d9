// Jobs of launchd that run midwatch, as `launchctl` and their files tell. Only macOS has any.

import { readdirSync } from "node:fs";
import { homedir } from "node:os";
import { join } from "node:path";
import { isMidwatchCommand } from "./boot-units.ts";
import type { RunTool } from "./run-tool.ts";
import { readSmallFile } from "./small-file.ts";

export interface JobFacts {
  readonly label: string;
  /** Where its file lies; null for a loaded job whose file is not known. */
  readonly path: string | null;
  /** The file as XML; null when it can't be read. */
  readonly plist: string | null;
  /** What `launchctl print` says, from the first domain that knows the label; null when it is not loaded. */
  readonly printed: { readonly domain: string; readonly text: string } | null;
}

/** The folders in which launchd finds jobs again after a reboot. */
export function jobFolders(home: string): readonly string[] {
  return [join(home, "Library/LaunchAgents"), "/Library/LaunchAgents", "/Library/LaunchDaemons"];
}

export async function findJobs(runTool: RunTool): Promise<readonly JobFacts[]> {
  const files = await plistsIn(jobFolders(homedir()), runTool);
  const listed = labelsIn((await runTool("launchctl", ["list"]))?.output ?? "");
  const ours = files.filter(({ plist }) => isMidwatchCommand(argumentsIn(plist))).map(({ label }) => label);
  const loaded = listed.filter((label) => /\bmidwatch\b/i.test(label));
  const labels = new Set([...ours, ...loaded]);
  const jobs: JobFacts[] = [];
  for (const label of labels) {
    const printed = await print(label, runTool);
    const file = files.find((one) => one.label === label);
    const path = file?.path ?? pathIn(printed?.text ?? "");
    const plist = file?.plist ?? (path === null ? null : await readPlist(path, runTool));
    jobs.push({ label, path, plist, printed });
  }
  return jobs;
}

async function plistsIn(
  folders: readonly string[],
  runTool: RunTool,
): Promise<readonly { label: string; path: string; plist: string }[]> {
  const found = [];
  for (const path of folders.flatMap(plistPaths)) {
    const plist = await readPlist(path, runTool);
    const label = plist === null ? null : plistText(plist, "Label");
    if (plist !== null && label !== null) found.push({ label, path, plist });
  }
  return found;
}

function plistPaths(folder: string): readonly string[] {
  try {
    return readdirSync(folder)
      .filter((name) => name.endsWith(".plist"))
      .map((name) => join(folder, name));
  } catch {
    // A folder that nobody has needed yet.
    return [];
  }
}

/** Many are stored in a binary form, which the system's own tool turns into XML. */
async function readPlist(path: string, runTool: RunTool): Promise<string | null> {
  const text = readSmallFile(path);
  if (text === null || !text.startsWith("bplist")) return text;
  return (await runTool("plutil", ["-convert", "xml1", "-o", "-", path]))?.output ?? null;
}

async function print(label: string, runTool: RunTool): Promise<JobFacts["printed"]> {
  const uid = process.getuid?.() ?? 0;
  for (const domain of [`gui/${uid}`, `user/${uid}`, "system"]) {
    const answer = await runTool("launchctl", ["print", `${domain}/${label}`]);
    if (answer?.status === 0) return { domain, text: answer.output };
  }
  return null;
}

/** `-	0	com.example.job`, one a line, under a heading. */
export function labelsIn(listed: string): readonly string[] {
  return listed.split("\n").flatMap((line) => {
    const label = line.split("\t")[2];
    return label === undefined || label === "Label" ? [] : [label];
  });
}

function pathIn(printed: string): string | null {
  return /^\s*path = (\/.+)$/m.exec(printed)?.[1] ?? null;
}

function argumentsIn(plist: string): string {
  const list = /<key>ProgramArguments<\/key>\s*<array>([\s\S]*?)<\/array>/.exec(plist)?.[1] ?? "";
  return [...list.matchAll(/<string>([\s\S]*?)<\/string>/g)].map(([, word = ""]) => word).join(" ");
}

/** `<key>Label</key><string>com.example.job</string>` */
export function plistText(plist: string, key: string): string | null {
  return new RegExp(String.raw`<key>${key}</key>\s*<string>([\s\S]*?)</string>`).exec(plist)?.[1] ?? null;
}
