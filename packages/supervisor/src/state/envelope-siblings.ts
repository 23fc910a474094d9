import { readdir } from "node:fs/promises";
import { basename, dirname, join } from "node:path";

export interface Sibling {
  readonly place: string;
  /** 1 for the one before the present state, 2 for the one before that. */
  readonly age: number;
}

/** The older generations that an SDK keeps beside its state file, as `state.json.1`, `state.json.2`, …; newest first. */
export async function siblingsOf(place: string): Promise<readonly Sibling[]> {
  const start = `${basename(place)}.`;
  const names = await readdir(dirname(place)).catch(() => []);
  return names
    .filter((name) => name.startsWith(start) && /^[1-9]\d{0,2}$/.test(name.slice(start.length)))
    .map((name) => ({ place: join(dirname(place), name), age: Number(name.slice(start.length)) }))
    .toSorted((a, b) => a.age - b.age);
}
