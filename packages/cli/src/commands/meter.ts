import { join } from "node:path";
import { isLoopbackName } from "@midwatch/protocol";
import { MeterError, startMeter, type RunningMeter } from "@midwatch/meter";
import { commandName } from "../command-name.ts";
import { meterDefaults, type Config, type MeterConfig } from "../config/config.ts";
import { openDataFolder, saveMeterAddress } from "../data-folder.ts";
import { CommandFailure } from "../failure.ts";
import { untilAskedToStop } from "../stop-request.ts";
import { supervisedServer } from "../supervised-server.ts";
import { log } from "../terminal.ts";
import { ownMeterName } from "../up/own-meter.ts";
import { isKept, ownBeat } from "../up/own-beat.ts";

export interface MeterFlags {
  readonly listen?: readonly [host: string, port: number];
  readonly server?: string;
  readonly key?: string;
}

/** `midwatch meter`: passes LLM calls through and counts them, until it is asked to stop. */
export async function runMeter(config: Config, flags: MeterFlags): Promise<void> {
  const [host, port] = flags.listen ?? [
    config.meter?.host ?? meterDefaults.host,
    config.meter?.port ?? meterDefaults.port,
  ];
  const settings = { ...(config.meter ?? meterDefaults), host, port };
  openDataFolder(config.server.dataDir);
  const asked = untilAskedToStop();
  const meter = await start(config, settings, flags);
  const needsKey = !isLoopbackName(host);
  saveMeterAddress(config.server.dataDir, { url: meter.url, pid: process.pid, needsKey });
  if (!isKept(process.env, ownMeterName)) process.stdout.write(greeting(meter.url, needsKey));
  await asked;
  log("letting calls under way finish, for up to 30 s …");
  await meter.stop();
}

async function start(config: Config, settings: MeterConfig, flags: MeterFlags): Promise<RunningMeter> {
  const { host, port, providers, maxCalls } = settings;
  try {
    return await startMeter({
      folder: join(config.server.dataDir, "meter"),
      listen: { host, port },
      server: supervisedServer(() => config, flags),
      providers,
      maxCalls,
      log,
      ...(isKept(process.env, ownMeterName) ? { onTurn: ownBeat() } : {}),
    });
  } catch (error) {
    if (error instanceof MeterError) throw new CommandFailure(78, error.message, { cause: error });
    throw error;
  }
}

function greeting(url: string, needsKey: boolean): string {
  const base = `${url}/meter/${needsKey ? "mw_KEY/" : ""}my-agent`;
  return `
The meter passes LLM calls on and counts them. Point an agent's client at it, with the agent's name in the path:

  OPENAI_BASE_URL=${base}/openai/v1
  ANTHROPIC_BASE_URL=${base}/anthropic
  GOOGLE_GEMINI_BASE_URL=${base}/gemini
  OLLAMA_HOST=${base}/ollama

or have that done: ${commandName} run --meter openai,anthropic -- CMD

`;
}
