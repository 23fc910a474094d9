// Carries out a decided start: nothing of the last run may be left, the state must be fit to go on from, and the new run is
// told why the last one ended.

import { rm } from "node:fs/promises";
import { join } from "node:path";
import { fileNameOf, replaceFile } from "../durable-file.ts";
import { describeError } from "../failure.ts";
import type { DecidedStart } from "../journal/entry.ts";
import { environmentOf, givenTo } from "../process/environment.ts";
import { markerOf } from "../process/marker.ts";
import { tombstoneOf, type Death } from "../process/tombstone.ts";
import type { Admission, StateGate } from "../state/state-policy.ts";
import type { SupervisedAgent } from "../supervised-agent.ts";
import type { RunStart, Target } from "../target/target.ts";
import { isCrash, type KeeperWorld } from "./keeper-world.ts";

export interface Launch extends Pick<
  KeeperWorld,
  "supervisorId" | "receiver" | "environmentFor" | "tombstoneFolder" | "stackFolder"
> {
  readonly agent: SupervisedAgent;
  readonly target: Target;
  readonly gate: StateGate;
  readonly start: DecidedStart;
  readonly lastDeath: Death | null;
  /** State was put right or left out; told before the start, so that it is known even if the start fails. */
  readonly onInvalid: (invalid: NonNullable<Extract<Admission, { fit: true }>["invalid"]>) => Promise<void>;
  readonly say: (line: string) => void;
}

export type Launched = RunStart | { readonly ok: "unfit"; readonly reason: string; readonly text: string };

export async function launch(about: Launch): Promise<Launched> {
  const { agent, target, gate, start, lastDeath, say } = about;
  const left = await target.swept();
  if (left !== null) return { ok: false, reason: left, isPassing: false };
  const crash = start.attempt > 0 && lastDeath !== null && isCrash(lastDeath.exit) ? lastDeath : null;
  const admission = await gate.admit(crash);
  if (!admission.fit) return { ok: "unfit", reason: admission.reason, text: admission.text };
  for (const note of admission.notes) say(note);
  if (admission.invalid) await about.onInvalid(admission.invalid);
  const stackFile = stackFileOf(about.stackFolder, agent.name);
  // Left by the last run: it would be taken for a sign that the new one can be asked.
  await rm(stackFile, { force: true }).catch(() => undefined);
  const environment = environmentOf({
    inherited: process.env,
    own: agent.env,
    added: addedTo(about),
    url: about.receiver.url,
    key: about.receiver.key,
    agent: agent.name,
    runId: start.runId,
    marker: markerOf(about.supervisorId, start.runId),
    intervalMs: agent.intervalMs,
    stackFile,
    death: await tombstoneFor(about),
  });
  return target.start({ runId: start.runId, environment });
}

/** A container, a unit or a job has an environment of its own. */
function addedTo({ agent, environmentFor, say }: Launch): Readonly<Record<string, string>> {
  if (agent.target.platform !== "process") return {};
  const { variables, remarks } = environmentFor(agent.name, givenTo({ inherited: process.env, own: agent.env }));
  for (const remark of remarks) say(remark);
  return variables;
}

export function stackFileOf(folder: string, agent: string): string {
  return join(folder, `${fileNameOf(agent)}.txt`);
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
