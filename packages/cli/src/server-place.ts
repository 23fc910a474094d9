import { InvalidArgumentError, type Command } from "commander";
import { loadConfig } from "./config/load-config.ts";
import { targetOf } from "./target.ts";

// What most commands take: where the configuration lies, and which server is meant.

export interface Place {
  readonly config?: string;
  readonly data?: string;
}

export interface ServerPlace extends Place {
  readonly server?: string;
  readonly key?: string;
}

export function withPlace(command: Command): Command {
  return command
    .option("--config <file>", "configuration (default: midwatch.yaml in this folder, if there is one)")
    .option("--data <dir>", "data folder (default: .midwatch beside the configuration)");
}

export function withServer(command: Command): Command {
  return command
    .option("--server <url>", "a server elsewhere (default: the one of the data folder)")
    .option("--key <key>", "key for that server");
}

export function targetFor(options: ServerPlace): ReturnType<typeof targetOf> {
  // A server that was named with its key needs no configuration, not even a readable one.
  const data =
    options.data ??
    (options.server !== undefined && options.key !== undefined ? "" : loadConfig(options).server.dataDir);
  return targetOf({ ...options, data });
}

export function wholeNumber(text: string): number {
  if (!/^\d{1,9}$/.test(text)) throw new InvalidArgumentError("It must be a whole number.");
  return Number(text);
}
