import { join } from "node:path";
import { fileNameOf, replaceFile } from "../durable-file.ts";
import { describeError } from "../failure.ts";
import type { DecidedStart } from "../journal/entry.ts";
import type { AgentProcess } from "../process/agent-process.ts";
import { environmentOf } from "../process/environment.ts";
import { markerOf } from "../process/marker.ts";
import { tombstoneOf, type Death } from "../process/tombstone.ts";
import type { StartOutcome } from "../process/watched-process.ts";
import type { SupervisedAgent } from "../supervised-agent.ts";

export interface Launch {
  readonly agent: SupervisedAgent;
  readonly start: DecidedStart;
  readonly lastDeath: Death | null;
  readonly supervisorId: string;
  /** Where the agent sends its beats, and with which key. */
  readonly receiver: { readonly url: string; readonly key: string };
  readonly tombstoneFolder: string;
  readonly say: (line: string) => void;
}

/** Starts a decided run, told why the last one ended, once nothing of that one is left. */
export async function launch(process_: AgentProcess, about: Launch): Promise<StartOutcome> {
  const left = await process_.swept();
  if (left !== null) return { ok: false, reason: left };
  const { agent, start, supervisorId, receiver } = about;
  const environment = environmentOf({
    inherited: process.env,
    own: agent.env,
    url: receiver.url,
    key: receiver.key,
    agent: agent.name,
    runId: start.runId,
    marker: markerOf(supervisorId, start.runId),
    intervalMs: agent.intervalMs,
    death: await tombstoneFor(about),
  });
  return process_.start(start.runId, environment);
}

async function tombstoneFor(about: Launch): Promise<{ readonly reason: string; readonly tombstone: string } | null> {
  const { agent, start, lastDeath, tombstoneFolder, say } = about;
  const { reason, attempt } = start;
  if (reason === null || lastDeath === null) return null;
  const path = join(tombstoneFolder, `${fileNameOf(agent.name)}.json`);
  try {
    await replaceFile(path, tombstoneOf(agent.name, lastDeath, reason, attempt));
    return { reason, tombstone: path };
  } catch (error) {
    // A full disk is no reason to leave the agent down.
    say(`its new run is not told why the last one ended: ${describeError(error)}`);
    return null;
  }
}
