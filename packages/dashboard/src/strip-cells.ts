// The beat strip: one cell per beat, and cells for the beats that did not come. A strip is read like a pulse, so its
// cells stand for beats and not for minutes: an agent that beats every second and one that beats every hour look alike
// while they are well. Time shows only where it was too long: a gap of one missed beat is one hollow cell, a longer one
// is up to three, whatever its length, and its length stands in the words. After the last beat the strip grows on
// while the agent is overdue, which is what makes a silence visible before anyone is alerted.

import type { AgentView, BeatView } from "./api-types.ts";
import { spellCount, spellSome } from "./spell-number.ts";
import { spellDuration } from "./spell-time.ts";

/**
 * `ok`, `warning` and `error` are what the agent said; `phase` is a beat about its life (starting, stopping, paused);
 * `dear` is a beat above ten times its baseline; `late` is one missed beat, `gap` more than one; `due` is missed now.
 */
export type CellKind = "ok" | "warning" | "error" | "phase" | "dear" | "late" | "gap" | "due";

export interface StripCell {
  readonly kind: CellKind;
  /** When the beat came, or when the gap began. */
  readonly at: number;
  /** What a person reads on hover, without the time. */
  readonly text: string;
}

const maxGapCells = 3;
const maxDueCells = 8;

/** The last `capacity` cells, oldest first. `due` is the number of beats missed by now (see `missedBeats`). */
export function stripCells(agent: AgentView, due: number, capacity: number): readonly StripCell[] {
  const intervalMs = agent.interval_s * 1_000;
  const cells: StripCell[] = [];
  let before: number | null = null;
  for (const beat of agent.recent ?? []) {
    const at = Date.parse(beat.at);
    if (before !== null) cells.push(...gapCells(before, at, intervalMs));
    cells.push(beatCell(beat, at));
    before = at;
  }
  if (due > 0 && before !== null) {
    const cell: StripCell = { kind: "due", at: before, text: `${spellSome(due, "beat")} missed until now` };
    cells.push(...Array.from({ length: Math.min(due, maxDueCells) }, () => cell));
  }
  return cells.slice(-capacity);
}

/** Beats missed by now: 0 while the agent is in time, leased, or not expected to beat at all. */
export function missedBeats(agent: AgentView, now: number): number {
  if (agent.last_beat_at === null) return agent.missed;
  if (agent.state !== "up" && agent.state !== "late" && agent.state !== "down") return 0;
  const intervalMs = agent.interval_s * 1_000;
  const nextBy = nextBeatBy(agent, Date.parse(agent.last_beat_at) + intervalMs);
  if (nextBy === null) return agent.missed;
  const overdue = now - nextBy - graceMs(intervalMs);
  return overdue < 0 ? agent.missed : Math.max(agent.missed, 1 + Math.floor(overdue / intervalMs));
}

/** Of a process that has ended the server expects no beat by a certain time; the person looking misses them all the same. */
function nextBeatBy(agent: AgentView, usually: number): number | null {
  if (agent.next_beat_by !== null) return Date.parse(agent.next_beat_by);
  return agent.state === "down" ? usually : null;
}

/** A summary for those who do not see the strip: "40 beats, 1 gap, 2 errors; 3 beats missed until now". */
export function describeStrip(cells: readonly StripCell[]): string {
  const count = (...kinds: CellKind[]): number => cells.filter((cell) => kinds.includes(cell.kind)).length;
  const isGap = (cell: StripCell | undefined): boolean => cell?.kind === "gap" || cell?.kind === "late";
  // A long gap is several cells in a row; it is one gap.
  const gaps = cells.filter((cell, index) => isGap(cell) && !isGap(cells[index - 1])).length;
  const beats = count("ok", "warning", "error", "phase", "dear");
  const due = cells.find((cell) => cell.kind === "due");
  const parts = [
    beats === 0 ? "no beats yet" : `last ${spellSome(beats, "beat")}`,
    ...(gaps > 0 ? [spellSome(gaps, "gap")] : []),
    ...(count("error") > 0 ? [spellSome(count("error"), "error")] : []),
    ...(count("dear") > 0 ? [`${spellCount(count("dear"))} far above usual`] : []),
    ...(due ? [due.text] : []),
  ];
  return parts.join(", ");
}

function gapCells(from: number, to: number, intervalMs: number): readonly StripCell[] {
  const missed = Math.floor((to - from - graceMs(intervalMs)) / intervalMs);
  if (missed < 1) return [];
  const cell: StripCell = {
    kind: missed === 1 ? "late" : "gap",
    at: from,
    text: `${spellDuration(to - from)} without a beat`,
  };
  return Array.from({ length: Math.min(missed, maxGapCells) }, () => cell);
}

function beatCell(beat: BeatView, at: number): StripCell {
  const words = [
    beat.status.replaceAll("_", " "),
    ...(beat.tokens > 0 ? [spellSome(beat.tokens, "token")] : []),
    ...(beat.cycle_ms === null ? [] : [spellDuration(beat.cycle_ms)]),
    ...(beat.message === null ? [] : [beat.message]),
  ];
  return { kind: kindOf(beat), at, text: words.join(" · ") };
}

function kindOf(beat: BeatView): CellKind {
  if (beat.status === "error") return "error";
  if (beat.baseline !== null && beat.tokens > 10 * beat.baseline) return "dear";
  if (beat.status === "warning") return "warning";
  return beat.status === "ok" ? "ok" : "phase";
}

/** As the server counts it: 10 % of the interval, at least 1 s, at most 30 s. */
function graceMs(intervalMs: number): number {
  return Math.min(30_000, Math.max(1_000, intervalMs / 10));
}
