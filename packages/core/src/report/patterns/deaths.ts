import type { HistoryEntry } from "../../effect.ts";
import { causeOfRestart } from "../restart-cause.ts";
import type { Death } from "./slow-facts.ts";

/** Ends that nobody asked for, with the beginning of the run as far as the history knows it. */
export function deathsIn(history: readonly HistoryEntry[]): readonly Omit<Death, "memory">[] {
  const deaths: Omit<Death, "memory">[] = [];
  let began: number | null = null;
  for (const entry of history) {
    const { at, kind, data } = entry;
    if (kind === "started" || (kind === "run-started" && began === null)) began = at;
    if (kind !== "exited") continue;
    const stoppedFor = data["stopped_for"] ?? null;
    const asked = stoppedFor !== null && stoppedFor !== "hung";
    const cause = causeOfRestart({ exited: entry, invalidState: null, askedBy: null });
    const clean = stoppedFor === null && data["code"] === 0;
    if (!asked && !clean && began !== null && at > began) deaths.push({ from: began, at, cause: cause ?? "ended" });
    began = null;
  }
  return deaths;
}
