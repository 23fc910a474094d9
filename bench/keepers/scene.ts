// A scene: every keeper that is here, each with the same agents, at the same time. What is left of it is ended afterwards.

import { mkdirSync } from "node:fs";
import { join } from "node:path";
import { agentOf, livesOf, tokenOf, until, type Scene } from "./agents.ts";
import type { Agent, Doing, Keeper, Kind } from "./keeper.ts";
import { agentVariable, kill, processes, runVariable, withVariable } from "./processes.ts";

export interface Opened {
  readonly name: string;
  readonly keeper: Keeper;
  readonly agents: readonly Agent[];
}

export interface Stage {
  /** Of the whole run; names all that it starts. */
  readonly folder: string;
  readonly token: string;
}

/** For each keeper, which agents it gets: a name and what it does. */
export type Cast = (kind: Kind) => readonly (readonly [name: string, does: Doing])[];

/** Opens each kind with its agents, lets `play` look at them, and ends them however that goes. */
export async function playScene<T>(
  { folder, token }: Stage,
  scene: { readonly title: string; readonly kinds: readonly Kind[]; readonly cast: Cast },
  play: (opened: readonly Opened[]) => Promise<T>,
): Promise<T> {
  const { title, kinds, cast } = scene;
  const opened: Opened[] = [];
  try {
    for (const kind of kinds) {
      const own: Scene = {
        folder: join(folder, `${title}-${kind.name.toLowerCase()}`),
        token: tokenOf(token, `${title}-${kind.name}`),
      };
      mkdirSync(own.folder);
      const agents = cast(kind).map(([name, does]) => agentOf(own, name, does));
      opened.push({ name: kind.name, agents, keeper: await kind.open(own.folder, agents) });
    }
    for (const { name, agents } of opened) {
      const allBegan = await until(() => agents.every((agent) => livesOf(agent).bytes > 0), 30_000);
      if (!allBegan) throw new Error(`${name} did not start its agents within 30 s`);
    }
    return await play(opened);
  } finally {
    await Promise.all(opened.map(({ keeper }) => keeper.close().catch(() => undefined))); // What is left is ended below.
    endAll(token);
  }
}

/** Ends every agent of the run, and what it has started. */
export function endAll(token: string): void {
  const mark = `\0${agentVariable}=${token}/`;
  for (const { pid, environment } of processes()) if (environment.includes(mark)) kill(pid);
}

/** Ends whatever else the run has started: daemons that did not end when they were asked to. */
export function endRun(token: string): void {
  for (const { pid } of withVariable(runVariable, token)) kill(pid);
}
