// The agents of one scene: what they are called, what they do, and what they have left behind in their files.

import { mkdirSync, statSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { setTimeout as pause } from "node:timers/promises";
import type { Agent, Doing } from "./keeper.ts";
import { agentVariable } from "./processes.ts";

/** Inside a container this folder has the same path, so the same command line holds there. */
export const scriptFolder = fileURLToPath(new URL(".", import.meta.url));

export interface Scene {
  /** Empty, for this keeper in this scene alone. */
  readonly folder: string;
  /** Names this keeper in this scene, among all that run. */
  readonly token: string;
}

export function agentOf({ folder, token }: Scene, name: string, does: Doing): Agent {
  const { stamps, env } = placeOf(folder, token, name);
  return { name, does, stamps, env, argv: ["/bin/sh", join(scriptFolder, "agent.sh"), does, stamps] };
}

export interface BeatingAgent extends Agent {
  /** Where it writes when its keeper expects the next beat. */
  readonly nextBeatBy: string;
}

export function hangingAgent({ folder, token }: Scene, name: string): BeatingAgent {
  const { stamps, env } = placeOf(folder, token, name);
  const nextBeatBy = `${stamps}.next`;
  const argv = [process.execPath, join(scriptFolder, "hanging-agent.mjs"), stamps, nextBeatBy];
  return { name, does: "beat-then-hang", stamps, nextBeatBy, env, argv };
}

function placeOf(folder: string, token: string, name: string): Pick<Agent, "stamps" | "env"> {
  const stamps = join(folder, "stamps");
  mkdirSync(stamps, { recursive: true });
  return { stamps: join(stamps, name), env: { [agentVariable]: tokenOf(token, name) } };
}

export function tokenOf(token: string, name: string): string {
  return `${token}/${name}`;
}

/** How often it was started, and when last, in milliseconds since 1970. Each line is the pid that a life had, and a line feed. */
export function livesOf({ stamps }: Pick<Agent, "stamps">): { readonly bytes: number; readonly lastAt: number } {
  const found = statSync(stamps, { throwIfNoEntry: false });
  return { bytes: found?.size ?? 0, lastAt: found?.mtimeMs ?? 0 };
}

/** The moment at which the file grew beyond what it was; null when it did not within `withinMs`. */
export async function nextLife(agent: Pick<Agent, "stamps">, beyond: number, withinMs: number): Promise<number | null> {
  const giveUpAt = performance.now() + withinMs;
  while (performance.now() < giveUpAt) {
    const { bytes, lastAt } = livesOf(agent);
    if (bytes > beyond) return lastAt;
    await pause(2);
  }
  return null;
}

/** Waits until it is so; false when it was not within `withinMs`. */
export async function until(isSo: () => boolean | Promise<boolean>, withinMs: number, everyMs = 100): Promise<boolean> {
  const giveUpAt = performance.now() + withinMs;
  while (performance.now() < giveUpAt) {
    if (await isSo()) return true;
    await pause(everyMs);
  }
  return false;
}
