import type { Ms } from "./time.ts";

export const INCIDENT_KINDS = [
  "silent",
  "crashed",
  "oom",
  "hung",
  "exited",
  "failing",
  "stuck",
  "spike",
  "runaway",
  "repetition",
  "drift",
  "budget-warning",
  "budget-exceeded",
  "shutdown-overdue",
  "state-invalid",
  "needs-human",
  "duplicate-instance",
  "clock-skew",
  "supervisor-lost",
  "monitor-gap",
] as const;

export type IncidentKind = (typeof INCIDENT_KINDS)[number];

/** `page` wakes someone, `warn` is for today, `info` is for the report and notifies nobody. */
export type Severity = "page" | "warn" | "info";

/** How an incident ended: the agent by itself, the supervisor by a restart, or a person. */
export type ResolvedBy = "itself" | "restart" | "person" | "superseded";

/** Something wrong with one agent, of one kind, from opened to resolved. At most one is open per agent and kind. */
export interface Incident {
  readonly kind: IncidentKind;
  readonly severity: Severity;
  readonly openedAt: Ms;
  /** When the trouble itself began: the exit of the process, else the last beat. Outages are measured from here. */
  readonly since: Ms;
  /** One line for a person: what, since when. The agent's name is not repeated. */
  readonly title: string;
  /** Sentences: what was seen, the numbers behind the decision, what was done by itself, what is needed. */
  readonly text: string;
  /** The numbers behind the decision, for machines and for the incident page. */
  readonly numbers: Readonly<Record<string, number | string>>;
  /** The most telling line of the evidence that was taken first; part of `text`, too. */
  readonly evidence?: string;
  readonly acknowledged: { readonly at: Ms; readonly by: string } | null;
}
