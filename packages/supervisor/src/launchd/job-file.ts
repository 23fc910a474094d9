// Where a job may be, and the file it is loaded from. A job lives in one of three domains of launchd: `gui/UID` is there while
// that user is logged in at the screen, `user/UID` while it has any session at all, `system` always. The folder that a plist
// lies in decides which of them loads it at boot.

import { readdir } from "node:fs/promises";
import { homedir } from "node:os";
import { join } from "node:path";
import { readPlist, type PlistDict } from "./plist.ts";

export interface JobFolders {
  /** Jobs of users, loaded at login. */
  readonly agents: readonly string[];
  /** Jobs of the system, loaded at boot. */
  readonly daemons: readonly string[];
}

export const usualJobFolders: JobFolders = {
  agents: [join(homedir(), "Library/LaunchAgents"), "/Library/LaunchAgents"],
  daemons: ["/Library/LaunchDaemons"],
};

/** In the order in which they are asked. */
export function domainsOf(uid: number): readonly string[] {
  return [`gui/${uid}`, `user/${uid}`, "system"];
}

export interface JobFile {
  readonly path: string;
  readonly plist: PlistDict;
  readonly isDaemon: boolean;
}

export interface JobSearch {
  readonly label: string;
  /** Where it is said to be; null searches the folders. */
  readonly path: string | null;
  readonly folders: JobFolders;
  readonly plutil: readonly string[];
}

/** The file of this label: named like it, as is usual, or else any that has it inside. Null when there is none. */
export async function findJobFile({ label, path, folders, plutil }: JobSearch): Promise<JobFile | null> {
  const usual = [...folders.agents, ...folders.daemons].map((folder) => join(folder, `${label}.plist`));
  for (const candidate of path === null ? usual : [path]) {
    const found = await jobFileAt(candidate, { label, folders, plutil });
    if (found !== null) return found;
  }
  if (path !== null) return null;
  for (const folder of [...folders.agents, ...folders.daemons]) {
    for (const candidate of await plistsIn(folder)) {
      const found = await jobFileAt(candidate, { label, folders, plutil });
      if (found !== null) return found;
    }
  }
  return null;
}

async function jobFileAt(path: string, about: Omit<JobSearch, "path">): Promise<JobFile | null> {
  const plist = await readPlist(path, about.plutil);
  if (plist?.["Label"] !== about.label) return null;
  return { path, plist, isDaemon: about.folders.daemons.some((folder) => path.startsWith(`${folder}/`)) };
}

/** A folder of more plists than this is not searched to its end. */
const mostPlists = 500;

async function plistsIn(folder: string): Promise<readonly string[]> {
  try {
    const names = (await readdir(folder)).filter((name) => name.endsWith(".plist"));
    return names.slice(0, mostPlists).map((name) => join(folder, name));
  } catch {
    // Most users have not every one of these folders.
    return [];
  }
}

/** Where the plist would be loaded, the best first. */
export function domainsFor(file: JobFile, uid: number): readonly string[] {
  const [gui = "", user = "", system = ""] = domainsOf(uid);
  return file.isDaemon ? [system] : [gui, user];
}

/** The files that it prints to, as its plist names them. */
export function outputsOf({ plist }: JobFile): readonly string[] {
  const paths = [plist["StandardOutPath"], plist["StandardErrorPath"]];
  return paths.filter((path) => typeof path === "string");
}

/** Whether launchd would start it again when it ends; a dictionary of conditions may. */
export function isKeptAliveBy({ plist }: JobFile): boolean {
  const keepAlive = plist["KeepAlive"];
  return keepAlive !== undefined && keepAlive !== false;
}
