import type { IncidentKind } from "../incident.ts";
import type { DurationMs, Ms } from "../time.ts";
import type { AgentFacts, IncidentFact, Span } from "./facts.ts";
import { merge, overlap, type StateSegment } from "./timeline.ts";

/** One time in which the agent did not work, as far as it lies in the day. */
export interface Outage {
  /** Its real start, which may lie before the day. */
  readonly from: Ms;
  /** Its end; null when it went on past the day (or past what is known of it). */
  readonly to: Ms | null;
  /** Its length inside the day. */
  readonly ms: DurationMs;
  /** How much of that the watcher could not see; this part is not charged. */
  readonly unseenMs: DurationMs;
  /** One clause for people. */
  readonly cause: string;
  readonly kinds: readonly IncidentKind[];
}

/** Incidents that mean "it does not run". `failing` and `stuck` are wrong, but alive. */
const notRunning: readonly IncidentKind[] = ["silent", "crashed", "oom", "hung", "exited", "state-invalid"];

/**
 * Outages come from two sources that tell the same story from two ends. The state says when the agent was known to be down; the
 * incident says when the trouble really began, at the exit or the last beat. An incident stays open until a restart has
 * proven itself, long after the agent beats again, so its outage ends with the first sign of life and not with the incident.
 */
export function outagesOf(
  agent: AgentFacts,
  view: { readonly day: Span; readonly states: readonly StateSegment[]; readonly unseen: readonly Span[] },
): readonly Outage[] {
  const { day, states, unseen } = view;
  const down = states.filter(({ is }) => is === "down");
  const alive = states.filter(({ from, is }) => from > day.from && is !== "down" && is !== "unknown");
  const troubles = agent.incidents
    .filter(({ kind }) => notRunning.includes(kind))
    .map((incident) => ({ incident, from: incident.since, to: endOf(incident, agent, day, alive) }))
    .filter(({ from, to }) => to > Math.max(from, day.from) && from < day.to);
  const spans = merge([...down, ...troubles]);
  const troublesIn = perSpan(spans, troubles);
  const downIn = perSpan(spans, down);
  return spans.map((span, index) => {
    const own = (troublesIn[index] ?? []).map(({ incident }) => incident);
    const startedDown = span.from <= day.from && agent.atStart?.state === "down";
    return {
      from: startedDown ? Math.min(span.from, agent.atStart.since) : span.from,
      to: span.to >= day.to ? null : span.to,
      ms: overlap(span, day),
      unseenMs: unseen.reduce(
        (sum, gap) => sum + overlap({ from: Math.max(span.from, day.from), to: span.to }, gap),
        0,
      ),
      cause: causeOf(own, downIn[index]?.[0]?.why ?? null),
      kinds: [...new Set(own.map(({ kind }) => kind))],
    };
  });
}

/** What each span was merged from, in the order it was given. One pass: there may be tens of thousands of either. */
function perSpan<T extends Span>(spans: readonly Span[], parts: readonly T[]): readonly (readonly T[])[] {
  const found: T[][] = spans.map(() => []);
  for (const part of parts) if (part.to > part.from) found[lastFrom(spans, part.from)]?.push(part);
  return found;
}

/** The last that begins at this moment or before, of what lies one after another; -1 when none does. */
function lastFrom(spans: readonly Span[], moment: Ms): number {
  let [low, high] = [0, spans.length];
  while (low < high) {
    const middle = (low + high) >> 1;
    if ((spans[middle]?.from ?? 0) <= moment) low = middle + 1;
    else high = middle;
  }
  return low - 1;
}

/** The first sign of life after the incident was opened, or its end. A pause or stop on purpose ends an outage too. */
function endOf(incident: IncidentFact, agent: AgentFacts, day: Span, alive: readonly StateSegment[]): Ms {
  const { openedAt, resolvedAt } = incident;
  const { atStart } = agent;
  // The last word before the day was already another one than "down": this outage is not of this day.
  if (atStart && atStart.since > openedAt && atStart.state !== "down") return Math.min(atStart.since, day.from);
  const next = alive[lastFrom(alive, openedAt) + 1];
  return Math.min(resolvedAt ?? Infinity, next?.from ?? Infinity, day.to);
}

function causeOf(own: readonly IncidentFact[], why: string | null): string {
  const has = (kind: IncidentKind): IncidentFact | undefined => own.find((incident) => incident.kind === kind);
  const ended = has("oom") ?? has("crashed") ?? has("exited") ?? has("state-invalid");
  if (ended) return ended.title;
  if (has("hung")) return "hung: its process lived, its loop did not beat";
  if (has("silent")) return "sent no beats";
  return why ?? "was down";
}
