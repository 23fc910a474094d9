import type { Incident, IncidentKind, ResolvedBy, Severity } from "./incident.ts";
import type { DurationMs, Ms } from "./time.ts";

/** One line of an agent's history, as it is stored and shown. Names are past tense. */
export type HistoryKind =
  | "registered"
  | "state-changed"
  | "run-started"
  | "started"
  | "start-refused"
  | "exited"
  | "hung"
  | "state-invalid"
  | "evidence-taken"
  | "restarted"
  | "recovery-changed"
  | "interval-learned"
  | "lease-taken"
  | "shutdown-announced"
  | "sight-lost"
  | "baseline-accepted"
  | "commanded"
  | "command-ended"
  | "incident-opened"
  | "incident-raised"
  | "incident-resolved"
  | "incident-acknowledged";

export interface HistoryEntry {
  readonly at: Ms;
  readonly kind: HistoryKind;
  /** One sentence for a person. */
  readonly text: string;
  /** Facts for machines: `from`, `to`, `run_id`, `exit_code`, … Small and flat. */
  readonly data: Readonly<Record<string, number | string | boolean | null>>;
}

/** How a cycle was judged; stored with the beat that closed it. */
export interface CycleRecord {
  readonly kind: string | null;
  readonly tokens: number;
  /** The mean that it was compared with; null during warm-up. */
  readonly baseline: number | null;
  readonly ms: DurationMs | null;
}

/**
 * Something to be done because of a decision. `record`, `keep-minute`, `open`, `amend`, `raise`, `resolve` and `acknowledge` are written with the state
 * in one transaction; `notify` becomes an outbox row in that same transaction and is performed afterwards; `start` and
 * `stop` come only from a watcher that keeps the agent itself.
 */
export type Effect =
  | { readonly do: "record"; readonly entry: HistoryEntry }
  | { readonly do: "open"; readonly incident: Incident }
  /** More is known of an open incident; nobody is told anew. */
  | { readonly do: "amend"; readonly kind: IncidentKind; readonly incident: Incident }
  | { readonly do: "raise"; readonly kind: IncidentKind; readonly severity: Severity; readonly incident: Incident }
  | {
      readonly do: "resolve";
      readonly kind: IncidentKind;
      readonly at: Ms;
      readonly by: ResolvedBy;
      /** From `since` of the incident to `at`. */
      readonly outageMs: DurationMs;
      readonly incident: Incident;
    }
  | { readonly do: "acknowledge"; readonly kind: IncidentKind; readonly at: Ms; readonly by: string }
  | {
      readonly do: "notify";
      readonly what: "opened" | "raised" | "resolved";
      readonly kind: IncidentKind;
      readonly severity: Severity;
      readonly at: Ms;
      readonly title: string;
      readonly text: string;
    }
  /** A minute of an agent that never beats, whose minutes are its cycles. */
  | { readonly do: "keep-minute"; readonly at: Ms; readonly tokens: number; readonly baseline: number | null }
  | {
      readonly do: "start";
      readonly at: Ms;
      /** 0 for a first start or one asked for by a person, else the automatic attempt. */
      readonly attempt: number;
      /** Told to the new run; null on a first start. */
      readonly reason: string | null;
    }
  | {
      readonly do: "stop";
      readonly at: Ms;
      readonly why: "hung" | "command" | "budget" | "overdue";
      readonly kill: boolean;
    };
