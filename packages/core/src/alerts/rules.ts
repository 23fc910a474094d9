import type { Severity } from "../incident.ts";
import type { DurationMs, Ms } from "../time.ts";

/** What a notice is about, as routes, silences and dependencies look at it. */
export interface AlertSubject {
  readonly agent: string | null;
  readonly kind: string;
  readonly severity: Severity;
  readonly host: string | null;
  readonly tags: readonly string[];
}

/** Who is told, one step after another, until somebody acknowledges it or it is over. */
export interface AlertRoute {
  /** Groups never mix routes. */
  readonly name: string;
  /** At least one; by rising `afterMs`. The first is usually at 0. */
  readonly steps: readonly AlertStep[];
  /** How often everybody who was told is reminded while it is open and nobody looks after it; null for never. */
  readonly remindMs: DurationMs | null;
}

export interface AlertStep {
  /** Counted from the first message. */
  readonly afterMs: DurationMs;
  /** Names of channels. */
  readonly to: readonly string[];
}

export interface Muted {
  readonly why: "silence" | "maintenance";
  readonly until: Ms;
  readonly reason: string;
}

/** How many agents there are, for telling a common silence from a single one. */
export interface FleetCount {
  readonly up: number;
  /** Gone late or down within the time in which silences belong together. */
  readonly silentLately: number;
}

/**
 * What an operator has settled, and what is known of the fleet at this moment. Functions of plain data: the desk asks, and
 * changes nothing.
 */
export interface AlertRules {
  routeOf(subject: AlertSubject): AlertRoute;
  /** By a silence or a maintenance window, now. */
  mutedBy(subject: AlertSubject, now: Ms): Muted | null;
  /** The end of the quiet hours that `now` lies in; null outside of them. Pages are never asked about. */
  quietUntil(now: Ms): Ms | null;
  /** Agents this one depends on that are not up now. */
  downBefore(agent: string): readonly string[];
  fleet(now: Ms): FleetCount;
  canUpdate(channel: string): boolean;
  /** Whoever was told there also hears that somebody looks after it. */
  hearsAcknowledgements(channel: string): boolean;
  /** How long incidents are gathered before they are told: 0 tells at once, and groups only what was decided at once. */
  readonly gatherMs: DurationMs;
  readonly flapping: {
    /** That many openings of one kind … */
    readonly opens: number;
    /** … within this time are flapping, and it is over when none came for as long. */
    readonly withinMs: DurationMs;
  };
}
