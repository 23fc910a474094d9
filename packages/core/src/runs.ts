// Recognises beats that come twice, late, or from another life of the agent. A run keeps the sequence numbers it has
// seen as ranges, per instance: a loop that loses nothing has one range, and a hole stays open for the beat that is
// still on its way. When a run has more holes than we keep, the oldest hole is closed: a beat that arrives for it
// after that is taken for a duplicate, and its tokens are lost rather than counted twice.

import type { BeatIdentity } from "./beat.ts";
import type { RunState, SeqRanges } from "./state.ts";
import { record, type Turn } from "./turn.ts";

const maxRanges = 32;
const maxInstances = 32;
const maxEarlierRuns = 8;
const maxBodies = 64;

/**
 * - `duplicate`: seen before; counts for nothing.
 * - `late`: older than one already processed; its tokens count, and it changes nothing else.
 * - `current`: the newest word of the agent.
 */
export type BeatPlace = "duplicate" | "late" | "current";

/** Finds a beat's place among those seen, and remembers it. */
export function placeBeat(turn: Turn, runId: string | null, identity: BeatIdentity): BeatPlace {
  const { state, at } = turn;
  if (identity.by === "body") {
    if (state.bodies.includes(identity.digest)) return "duplicate";
    state.bodies = [...state.bodies.slice(1 - maxBodies), identity.digest];
  }
  if (runId === null) return "current";
  if (state.run?.runId === runId) return placeInCurrentRun(turn, state.run, identity);
  const earlier = state.earlierRuns.find((run) => run.runId === runId);
  if (earlier) return placeInEarlierRun(turn, earlier, identity);
  // A run nobody knows, judged at a time before the current one began, comes late from a spool.
  if (state.run && at < state.run.startedAt) return "late";
  startRun(turn, runId, identity);
  return "current";
}

function placeInCurrentRun(turn: Turn, run: RunState, identity: BeatIdentity): BeatPlace {
  const seen = rememberSeq(run.seen, identity);
  if (seen === "duplicate") return "duplicate";
  const late = identity.by === "seq" && identity.seq < highestSeq(run.seen, identity.instance);
  turn.state.run = { ...run, seen, lastBeatAt: late ? run.lastBeatAt : Math.max(run.lastBeatAt, turn.at) };
  return late ? "late" : "current";
}

function placeInEarlierRun(turn: Turn, run: RunState, identity: BeatIdentity): BeatPlace {
  const { state, at } = turn;
  const seen = rememberSeq(run.seen, identity);
  if (seen === "duplicate") return "duplicate";
  const fresh = at >= (state.run?.startedAt ?? 0) && run.lastBeatAt <= at;
  state.earlierRuns = state.earlierRuns.map((one) => (one === run ? { ...run, seen, lastBeatAt: at } : one));
  // A living process of an earlier run: two copies under one name, not a message that was slow.
  if (fresh && identity.by === "seq" && identity.seq > highestSeq(run.seen, identity.instance)) state.turnsAt = at;
  return "late";
}

function startRun(turn: Turn, runId: string, identity: BeatIdentity): void {
  const { state, at } = turn;
  const seen = rememberSeq({}, identity);
  const before = state.run;
  if (before) state.earlierRuns = [before, ...state.earlierRuns].slice(0, maxEarlierRuns);
  state.run = { runId, startedAt: at, lastBeatAt: at, seen: seen === "duplicate" ? {} : seen };
  record(turn, "run-started", before ? "a new run began" : "the first run began", {
    run_id: runId,
    before: before?.runId ?? null,
  });
}

/** The seen numbers with this one added, or "duplicate" when it was there. */
function rememberSeq(
  seen: Readonly<Record<string, SeqRanges>>,
  identity: BeatIdentity,
): Readonly<Record<string, SeqRanges>> | "duplicate" {
  if (identity.by !== "seq") return seen;
  const { instance } = identity;
  const known = Object.hasOwn(seen, instance);
  const added = addSeq(known ? (seen[instance] ?? []) : [], identity.seq);
  if (added === null) return "duplicate";
  if (known || Object.keys(seen).length < maxInstances) return { ...seen, [instance]: added };
  // Beyond the bound the instance that came first is forgotten.
  return Object.fromEntries([...Object.entries(seen).slice(1), [instance, added]]);
}

/** Adds one number to sorted, disjoint, inclusive ranges; null when it is in one already. */
function addSeq(ranges: SeqRanges, seq: number): SeqRanges | null {
  const last = ranges.at(-1);
  // The ordinary beat: one more than the last.
  if (last && seq === last[1] + 1) return ranges.with(-1, [last[0], seq]);
  if (ranges.some(([from, to]) => seq >= from && seq <= to)) return null;
  const merged: (readonly [number, number])[] = [];
  for (const range of [...ranges, [seq, seq] as const].toSorted((a, b) => a[0] - b[0])) {
    const before = merged.at(-1);
    if (before && range[0] === before[1] + 1) merged[merged.length - 1] = [before[0], range[1]];
    else merged.push(range);
  }
  const [first, second, ...rest] = merged;
  return merged.length > maxRanges && first && second ? [[first[0], second[1]], ...rest] : merged;
}

function highestSeq(seen: RunState["seen"], instance: string): number {
  return Object.hasOwn(seen, instance) ? (seen[instance]?.at(-1)?.[1] ?? -1) : -1;
}
