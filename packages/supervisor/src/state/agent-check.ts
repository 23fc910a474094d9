// The agent's own check of its state, and the state before and after it. A check has no business changing what it checks unless it
// says so: what it changed or deleted otherwise is put back.

import { upperFirst } from "@midwatch/core";
import type { FileReport } from "./examine.ts";
import type { GateWorld } from "./gate-world.ts";
import { isSame, snapshotOf } from "./snapshot.ts";
import { look, standingOf, type Known } from "./standing.ts";
import { validate, type Validated } from "./validator.ts";

export type AgentChecked =
  | {
      readonly is: "good";
      readonly reports: readonly FileReport[];
      readonly isAsBefore: boolean;
      readonly notes: readonly string[];
    }
  | { readonly is: "unusable"; readonly reason: string; readonly notes: readonly string[] }
  | { readonly is: "unsure"; readonly reason: string; readonly text: string };

export interface AgentCheck {
  readonly world: GateWorld;
  readonly reports: readonly FileReport[];
  readonly known: Known;
  /** Lets the state be again what it was; null when there is no copy of it. */
  readonly undo: (() => Promise<void>) | null;
}

export async function checkByAgent(about: AgentCheck): Promise<AgentChecked> {
  const { world, reports, known } = about;
  const { validate: command, validateTimeoutMs } = world.policy;
  if (command === null) return { is: "good", reports, isAsBefore: true, notes: [] };
  const said = await validate({
    command,
    cwd: world.cwd,
    environment: world.validatorEnvironment,
    marker: `validator:${world.root}`,
    timeoutMs: validateTimeoutMs,
  });
  const after = await look(world);
  if (!after.ok) return unsure(`after its validator had run, ${after.reason}`, said);
  const isChanged = !isUnchanged(reports, after.reports);
  if (said.says === "repaired") {
    const standing = await standingOf(world, after.reports, known);
    if (standing.is === "fit" && standing.torn.length === 0) {
      return {
        is: "good",
        reports: after.reports,
        isAsBefore: !isChanged,
        notes: ["its validator has repaired its state"],
      };
    }
    const notes = isChanged ? await undone(about) : [];
    const why = standing.is === "fit" ? "it ends in a torn line" : standing.reason;
    return {
      is: "unusable",
      reason: `its validator says that it has repaired the state, but ${why}`,
      notes: notes ?? [],
    };
  }
  const notes = isChanged ? await undone(about) : [];
  if (notes === null) {
    return unsure("its validator changed or deleted the state, and there is no copy of what it was", said);
  }
  if (said.says === "good") return { is: "good", reports, isAsBefore: true, notes };
  if (said.says === "unusable")
    return { is: "unusable", reason: `its validator calls it unusable${lastWord(said)}`, notes };
  return unsure(`its validator has not judged it: ${said.why}`, said, notes);
}

/** What the log of a database holds is folded into its file by whoever opens it. */
function isUnchanged(before: readonly FileReport[], after: readonly FileReport[]): boolean {
  const folded = new Set(before.filter(({ path, isHot }) => isHot && isGood(after, path)).map(({ path }) => path));
  const rest = (reports: readonly FileReport[]): readonly FileReport[] =>
    reports.filter(({ path }) => !folded.has(path));
  return isSame(snapshotOf(rest(before)), snapshotOf(rest(after)));
}

function isGood(reports: readonly FileReport[], path: string): boolean {
  return reports.find((one) => one.path === path)?.verdict.is === "good";
}

async function undone({ undo }: AgentCheck): Promise<readonly string[] | null> {
  if (undo === null) return null;
  await undo();
  return [
    "its validator changed or deleted the state without saying so (by exit status 10); what it was has been put back",
  ];
}

function lastWord({ lastLines }: Validated): string {
  const line = lastLines.at(-1);
  return line === undefined ? "" : `: ${line}`;
}

function unsure(reason: string, { lastLines }: Validated, notes: readonly string[] = []): AgentChecked {
  const printed = lastLines.length === 0 ? "It printed nothing." : `It printed at the end:\n${lastLines.join("\n")}`;
  const told = notes.map((note) => `${upperFirst(note)}. `).join("");
  return { is: "unsure", reason, text: `${told}${printed}` };
}
