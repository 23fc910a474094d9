import type { HistoryEntry } from "../effect.ts";
import type { LivenessState } from "../state.ts";
import type { DurationMs, Ms } from "../time.ts";
import type { AgentFacts, Span } from "./facts.ts";

/*
 * A day as a row of segments without holes: what was the agent at each moment? It is painted in layers, each over the one
 * before: the states, as the history tells them; over these the outages, which begin at the last beat and so reach back into
 * time that looked fine while it passed; over these what the watcher could not see, because its own blindness is
 * never charged to an agent; and last the time before the agent was known and the time that has not come yet. Painting cuts
 * and replaces, so the lengths of all segments add up to the day whatever the layers say.
 */

/**
 * What a moment counts as. `late` and `stopping` are up. `new` (known, but not expected to have beaten yet) is `waiting`.
 * Only `up` and `down` are in the denominator of availability.
 */
export type Moment = "up" | "down" | "unknown" | "paused" | "stopped" | "waiting" | "before" | "ahead";

export interface Segment<T> extends Span {
  readonly is: T;
}

/** A segment of the state history, with the words that came with its beginning. */
export interface StateSegment extends Segment<LivenessState> {
  readonly why: string | null;
}

/**
 * The states of the day. Entries are applied in the order they were written; one that carries an earlier time than the last
 * rewrites everything from that time on, which is how a spool's late delivery corrects what was believed before it.
 */
export function stateSegments(agent: AgentFacts, day: Span): readonly StateSegment[] {
  const first = agent.atStart ?? { state: "new" as const, why: null };
  const segments: StateSegment[] = [{ ...day, is: first.state, why: first.why }];
  for (const entry of agent.history) {
    if (entry.kind !== "state-changed" || entry.at >= day.to) continue;
    const { state, since, why } = stateAfter(entry);
    const from = Math.max(since, day.from);
    // From the end: an agent that crashes for a month has tens of thousands of them.
    let last = segments.pop();
    while (last && last.from >= from) last = segments.pop();
    if (last) segments.push({ ...last, to: Math.min(last.to, from) });
    segments.push({ from, to: day.to, is: state, why });
  }
  return segments.filter((segment) => segment.to > segment.from);
}

/** The state that a `state-changed` entry tells of. */
export function stateAfter({ at, data, text }: HistoryEntry): NonNullable<AgentFacts["atStart"]> {
  return { state: stateOf(data["to"]), since: at, why: reasonOf(text) };
}

/** In one pass: an agent that crashes for a month has as many spans as segments. Both lie one after another, as they do here. */
function paint<T>(segments: readonly Segment<T>[], spans: readonly Span[], is: T): readonly Segment<T>[] {
  const over = merge(spans);
  const painted: Segment<T>[] = [];
  let first = 0;
  for (const segment of segments) {
    let left = segment.from;
    while (first < over.length && (over[first]?.to ?? 0) <= segment.from) first += 1;
    for (let next = first; next < over.length; next += 1) {
      const span = over[next];
      if (!span || span.from >= segment.to) break;
      const from = Math.max(span.from, segment.from);
      const to = Math.min(span.to, segment.to);
      if (left < from) painted.push({ ...segment, from: left, to: from });
      painted.push({ from, to, is });
      left = to;
    }
    if (left < segment.to) painted.push({ ...segment, from: left });
  }
  return painted;
}

export interface Layers {
  readonly states: readonly StateSegment[];
  readonly outages: readonly Span[];
  readonly unseen: readonly Span[];
  readonly firstSeenAt: Ms;
  /** Until when anything can be known. */
  readonly until: Ms;
}

export function momentsOf(day: Span, layers: Layers): readonly Segment<Moment>[] {
  let moments: readonly Segment<Moment>[] = layers.states.map(({ from, to, is }) => ({ from, to, is: momentOf(is) }));
  moments = paint(moments, layers.outages, "down");
  moments = paint(moments, layers.unseen, "unknown");
  moments = paint(moments, [{ from: day.from, to: layers.firstSeenAt }], "before");
  return paint(moments, [{ from: layers.until, to: day.to }], "ahead");
}

/** The parts of `spans` that `without` does not cover, clipped to the day; sorted and disjoint. */
export function subtract(day: Span, spans: readonly Span[], without: readonly Span[]): readonly Span[] {
  const marked = paint<boolean>([{ ...day, is: false }], spans, true);
  return merge(paint(marked, without, false).filter(({ is }) => is));
}

/** Spans sorted by their start, those that touch or overlap made one. */
export function merge(spans: readonly Span[]): readonly Span[] {
  const merged: Span[] = [];
  for (const { from, to } of spans.toSorted((a, b) => a.from - b.from)) {
    const last = merged.at(-1);
    if (last && from <= last.to) merged[merged.length - 1] = { from: last.from, to: Math.max(last.to, to) };
    else if (to > from) merged.push({ from, to });
  }
  return merged;
}

export function overlap(a: Span, b: Span): DurationMs {
  return Math.max(0, Math.min(a.to, b.to) - Math.max(a.from, b.from));
}

function momentOf(state: LivenessState): Moment {
  switch (state) {
    case "up":
    case "late":
    case "stopping":
      return "up";
    case "new":
      return "waiting";
    case "down":
    case "unknown":
    case "paused":
    case "stopped":
      return state;
  }
}

const states: ReadonlySet<unknown> = new Set<LivenessState>([
  "new",
  "up",
  "late",
  "down",
  "stopping",
  "stopped",
  "paused",
  "unknown",
]);

/** History is stored as loose data; a state nobody knows reads as "unknown" and is charged to nobody. */
function stateOf(value: unknown): LivenessState {
  return states.has(value) ? (value as LivenessState) : "unknown";
}

/** The sentence after "up → down: ", for people only. */
function reasonOf(text: string): string | null {
  const colon = text.indexOf(": ");
  return colon < 0 ? null : text.slice(colon + 2);
}
