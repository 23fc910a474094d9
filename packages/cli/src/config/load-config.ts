import { existsSync } from "node:fs";
import { resolve } from "node:path";
import { CommandFailure } from "../failure.ts";
import { agentDefaults, noBudgets, type Config } from "./config.ts";
import { describeProblems, readConfig } from "./read-config.ts";

const usualFile = "midwatch.yaml";

/**
 * The named file, else `midwatch.yaml` in this folder, else the defaults. A file with a mistake ends the command with status
 * 78 and every mistake in it; so does a named file that is not there.
 */
export function loadConfig(options: { readonly config?: string; readonly data?: string }): Config {
  const file = options.config ?? (existsSync(usualFile) ? usualFile : null);
  const config = file === null ? withoutFile() : readOrFail(file);
  return options.data === undefined
    ? config
    : { ...config, server: { ...config.server, dataDir: resolve(options.data) } };
}

function readOrFail(file: string): Config {
  const read = readConfig(file, process.env);
  if (!read.ok) throw new CommandFailure(78, describeProblems(read.file, read.problems));
  return read.config;
}

function withoutFile(): Config {
  return {
    file: null,
    server: {
      host: "127.0.0.1",
      port: 4004,
      dataDir: resolve(".midwatch"),
      timezone: Intl.DateTimeFormat().resolvedOptions().timeZone,
      publicUrl: null,
      strict: false,
      allowExec: false,
    },
    meter: null,
    defaults: agentDefaults,
    agents: [],
    budgets: noBudgets,
    prices: [],
    channels: {},
    alertsTo: [],
    fallback: null,
    alerts: {},
    watcher: null,
    report: null,
  };
}
