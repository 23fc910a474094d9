// A hang under Midwatch, in figures: agents that beat once a second until their loop spins, one after the other. Noticed is when
// the supervisor says so; between that and the next start it takes its evidence and ends the process.

import { readFileSync, mkdirSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as pause } from "node:timers/promises";
import { hangingAgent, livesOf, nextLife, tokenOf, type BeatingAgent } from "./agents.ts";
import { openMidwatch, type Midwatch } from "./midwatch.ts";
import type { Stage } from "./scene.ts";

export interface Hang {
  /** Past the deadline, in milliseconds. */
  readonly noticedMs: number;
  readonly againMs: number;
  /** The supervisor's words. */
  readonly says: string;
}

const intervalMs = 1_000;
const missedLimit = 2;
const graceMs = 1_000;
const withinMs = 20_000;

/** From the moment the keeper itself has named for the next beat. */
const deadlineMs = intervalMs * (missedLimit - 1) + graceMs;

export async function hangUnderMidwatch({ folder, token }: Stage, count: number): Promise<readonly Hang[]> {
  const hangs: Hang[] = [];
  for (let turn = 0; turn < count; turn += 1) {
    const title = `hang-${turn}`;
    const scene = { folder: join(folder, title), token: tokenOf(token, title) };
    mkdirSync(scene.folder);
    const agent = hangingAgent(scene, "hanging");
    const policy = { interval: "1s", missed_limit: missedLimit, startup: "30s" };
    const keeper = await openMidwatch(scene.folder, [agent], policy);
    try {
      hangs.push(await oneHang(keeper, agent));
    } finally {
      await keeper.close();
    }
  }
  return hangs;
}

async function oneHang(keeper: Midwatch, agent: BeatingAgent): Promise<Hang> {
  if ((await nextLife(agent, 0, withinMs)) === null) throw new Error("the agent that is to hang was not started");
  const { bytes } = livesOf(agent);
  const noticedAt = await lineAbout(keeper, "hung:");
  const againAt = (await nextLife(agent, bytes, withinMs)) ?? Infinity;
  const deadline = Date.parse(readFileSync(agent.nextBeatBy, "utf8")) + deadlineMs;
  return { noticedMs: noticedAt - deadline, againMs: againAt - deadline, says: wordsOf(keeper) };
}

function wordsOf(keeper: Midwatch): string {
  return /hung: (.*)/.exec(keeper.log())?.[1] ?? "";
}

async function lineAbout(keeper: Midwatch, word: string): Promise<number> {
  const giveUpAt = performance.now() + withinMs;
  while (performance.now() < giveUpAt) {
    if (keeper.log().includes(word)) return Date.now();
    await pause(2);
  }
  return Infinity;
}
