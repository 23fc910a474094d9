// What the dashboard reads of the public API: a copy on purpose, because the dashboard is a client like any other and
// imports nothing of the workspace. Times are RFC 3339 UTC strings, durations seconds (`_s`), money USD.

export type Severity = "page" | "warn" | "info";

export type AgentStateName = "new" | "up" | "late" | "down" | "stopping" | "stopped" | "paused" | "unknown";

export interface BeatView {
  readonly at: string;
  readonly status: string;
  readonly tokens: number;
  /** Mean the cycle was compared with; null while warming up. */
  readonly baseline: number | null;
  readonly cycle: number | null;
  readonly cycle_kind: string | null;
  readonly cycle_ms: number | null;
  readonly cost_usd: number | null;
  readonly message: string | null;
}

export interface OpenIncident {
  readonly id: number;
  readonly kind: string;
  readonly severity: Severity;
  readonly opened_at: string;
  readonly title: string;
  readonly acknowledged: boolean;
}

export interface RecoveryView {
  readonly phase: "idle" | "starting" | "probation" | "healthy" | "stopping" | "cooldown" | "exhausted" | "stopped";
  readonly attempt: number;
  readonly of: number;
  readonly next_attempt_at: string | null;
  readonly reason: string | null;
}

/** Dollars, or tokens. */
export interface LimitView {
  readonly name: string;
  readonly limit: number;
  readonly spent: number;
  readonly level: "within" | "near" | "exceeded";
  readonly until: string | null;
  readonly unpriced_tokens: number;
}

export interface AgentView {
  readonly id: number;
  readonly name: string;
  readonly state: AgentStateName;
  readonly since: string;
  readonly first_seen_at: string;
  readonly last_beat_at: string | null;
  readonly last_status: string | null;
  readonly last_message: string | null;
  readonly next_beat_by: string | null;
  readonly interval_s: number;
  readonly interval_source: "set" | "declared" | "learned" | "assumed";
  readonly missed: number;
  readonly lease: { readonly until: string; readonly reason: string | null } | null;
  readonly run_id: string | null;
  readonly beats_total: number;
  readonly tokens_total: number;
  readonly cost_usd_total: number;
  readonly baseline_tokens: number | null;
  readonly alarm_tokens: number | null;
  readonly restarts_today: number;
  readonly recovery: RecoveryView | null;
  readonly host: string | null;
  readonly supervisor: { readonly id: string; readonly lost: boolean } | null;
  readonly liveness: "beats" | "process";
  readonly paused: { readonly by: string; readonly reason: string; readonly until: string | null } | null;
  /** Its own budget, the tightest limit first. */
  readonly budget: readonly LimitView[];
  /** Who has counted its usage lately: `beat`, `proxy`, `log`, `span`, `metric`. */
  readonly metered_by: readonly string[];
  /** Of this month. */
  readonly unpriced_tokens: number;
  readonly tags: readonly string[];
  readonly clock_skew_s: number | null;
  readonly incidents: readonly OpenIncident[];
  /** Oldest first. */
  readonly recent?: readonly BeatView[];
}

export interface IncidentView {
  readonly id: number;
  readonly agent: string;
  readonly kind: string;
  readonly severity: Severity;
  readonly state: "open" | "resolved";
  readonly opened_at: string;
  readonly since: string;
  readonly resolved_at: string | null;
  readonly resolved_by: "itself" | "restart" | "person" | "superseded" | null;
  readonly duration_s: number;
  readonly acknowledged: { readonly at: string; readonly by: string } | null;
  readonly title: string;
  readonly text: string;
  readonly numbers: Readonly<Record<string, number | string>>;
  /** Oldest first. */
  readonly evidence: readonly EvidenceLine[];
}

export interface EvidenceLine {
  readonly id: number;
  readonly at: string;
  readonly why: "hung" | "crashed" | "overdue";
  readonly summary: string;
}

export interface EvidenceView extends EvidenceLine {
  readonly items: readonly { readonly name: string; readonly text: string }[];
}

export interface EventView {
  readonly id: number;
  readonly agent: string;
  readonly at: string;
  readonly kind: string;
  readonly text: string;
}

/** What was done, in words. */
export interface Done {
  readonly ok: true;
  readonly message: string;
}

/** The one time a key is told; the server keeps only its digest. */
export interface NewKey {
  readonly key: string;
}

export interface Page<T> {
  readonly items: readonly T[];
  readonly next: string | null;
}

export type StreamMessage =
  | { readonly event: "hello"; readonly data: { readonly now: string; readonly version: string } }
  | { readonly event: "resync"; readonly data: { readonly now: string } }
  | { readonly event: "agent"; readonly data: AgentView }
  | { readonly event: "agent-forgotten"; readonly data: { readonly name: string } }
  | { readonly event: "history"; readonly data: EventView }
  | { readonly event: "incident"; readonly data: IncidentView };
