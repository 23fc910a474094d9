// How the state as a whole stands, from the reports on its files and from what is known of them. What could not be checked
// outweighs everything: nothing is moved then.

import { siblingsOf } from "./envelope-siblings.ts";
import type { FileReport } from "./examine.ts";
import type { GateWorld } from "./gate-world.ts";
import type { Generation } from "./generation.ts";
import type { GateMemory } from "./memory.ts";
import { perform } from "./tasks.ts";

export type Look =
  { readonly ok: true; readonly reports: readonly FileReport[] } | { readonly ok: false; readonly reason: string };

export async function look(world: GateWorld): Promise<Look> {
  const files = world.files.map(({ path, check }) => ({ path, check }));
  const result = await perform({ do: "examine", files, scratch: world.scratch }, world.taskTimeoutMs);
  if (result.did === "examine") return { ok: true, reports: result.reports };
  return { ok: false, reason: result.did === "fail" ? result.why : "it was not examined" };
}

export type Standing =
  | { readonly is: "fit"; readonly torn: readonly TornFile[] }
  | { readonly is: "bad"; readonly reason: string; readonly paths: readonly string[] }
  | { readonly is: "unsure"; readonly reason: string };

export interface TornFile extends Pick<FileReport, "path" | "place"> {
  readonly goodBytes: number;
  readonly tornBytes: number;
}

export interface Known {
  readonly memory: GateMemory;
  readonly generations: readonly Generation[];
}

export async function standingOf(world: GateWorld, reports: readonly FileReport[], known: Known): Promise<Standing> {
  const unsure: string[] = [];
  const bad: string[] = [];
  const paths: string[] = [];
  const torn: TornFile[] = [];
  for (const report of reports) {
    const { path, place, verdict } = report;
    if (verdict.is === "unsure") unsure.push(clauseOf(world, path, verdict.reason));
    const fault = await faultOf(world, report, known);
    if (fault !== null) {
      bad.push(clauseOf(world, path, fault));
      paths.push(path);
    } else if (verdict.is === "torn") {
      torn.push({ path, place, goodBytes: verdict.goodBytes, tornBytes: verdict.tornBytes });
    }
  }
  if (unsure.length > 0) return { is: "unsure", reason: unsure.join("; ") };
  const { unfinished } = known.memory;
  // All there: the move had not begun, or was done. Something missing: it was cut short in the middle.
  if (unfinished !== null && reports.some(({ verdict }) => verdict.is === "absent")) {
    return { is: "bad", reason: unfinished, paths };
  }
  return bad.length > 0 ? { is: "bad", reason: bad.join("; "), paths } : { is: "fit", torn };
}

async function faultOf(world: GateWorld, report: FileReport, known: Known): Promise<string | null> {
  const { path, bytes, verdict } = report;
  if (verdict.is === "bad") return verdict.reason;
  const before = known.generations
    .map(({ files }) => files.find((one) => one.path === path))
    .find((one) => one !== undefined);
  if (verdict.is === "absent") return (await isLost(world, report, known)) ? "it is gone" : null;
  const check = world.files.find((one) => one.path === path)?.check;
  const isEmptied = verdict.is === "torn" ? verdict.goodBytes === 0 : bytes === 0 && check !== "none";
  return isEmptied && before !== undefined && before.bytes > 0
    ? `it is empty, and held ${before.bytes} bytes before`
    : null;
}

/** A file that was there and is not: the agent has not begun anew, something took it away. */
async function isLost(world: GateWorld, { path, place }: FileReport, { memory, generations }: Known): Promise<boolean> {
  const isKept = generations.some(({ files }) => files.some((one) => one.path === path && one.name !== null));
  if (memory.there.includes(path) && isKept) return true;
  const isEnvelope = world.files.some((one) => one.path === path && one.check === "envelope");
  return isEnvelope && (await siblingsOf(place)).length > 0;
}

/** "state.json is cut off" for "it is cut off". */
function clauseOf(world: GateWorld, path: string, reason: string): string {
  const name = world.nameOf(path);
  return reason.startsWith("it ") ? `${name} ${reason.slice(3)}` : `${name}: ${reason}`;
}
