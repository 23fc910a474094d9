import { readdirSync } from "node:fs";
import { dirname, join } from "node:path";
import { isMidwatchCommand } from "./boot-units.ts";
import type { RunTool } from "./run-tool.ts";
import { readSmallFile } from "./small-file.ts";

const cronFolder = "/etc/cron.d";
const programFiles = ["/etc/rc.local", "/etc/supervisor/supervisord.conf"];
const composeFiles = ["compose.yaml", "compose.yml", "docker-compose.yaml", "docker-compose.yml"];

/** Files, other than units and jobs, by which this machine starts Midwatch: tables of cron, compose files and the like. */
export async function findBootLines(configFile: string | null, runTool: RunTool): Promise<readonly string[]> {
  const own = (await runTool("crontab", ["-l"]))?.output ?? "";
  const tables = [{ path: "crontab", text: own }, ...[...cronTables(), ...programFiles].map(read)];
  const folder = configFile === null ? process.cwd() : dirname(configFile);
  const composed = composeFiles.map((name) => read(join(folder, name)));
  return [
    ...tables.filter(({ text }) => text.split("\n").some(startsAtBoot)),
    ...composed.filter(({ text }) => /^\s*[^#\s].*\bmidwatch\b|^midwatch\b/m.test(text)),
  ].map(({ path }) => path);
}

/** A line of cron that is not of a reboot runs at some time, and a second `midwatch up` ends at once; so only those count. */
function startsAtBoot(line: string): boolean {
  const isCron = /^\s*(?:@|[\d*])/.test(line);
  return !line.trimStart().startsWith("#") && isMidwatchCommand(line) && (!isCron || line.includes("@reboot"));
}

function cronTables(): readonly string[] {
  try {
    return ["/etc/crontab", ...readdirSync(cronFolder).map((name) => join(cronFolder, name))];
  } catch {
    // No cron here.
    return [];
  }
}

function read(path: string): { readonly path: string; readonly text: string } {
  return { path, text: readSmallFile(path) ?? "" };
}
