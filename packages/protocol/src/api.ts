/** What the HTTP API answers with. Times are RFC 3339 UTC strings, durations seconds (`_s`), money USD. */

export type Iso = string;

export interface IncidentView {
  id: number;
  agent: string;
  kind: string;
  severity: "page" | "warn" | "info";
  state: "open" | "resolved";
  opened_at: Iso;
  /** When the trouble began: exit of the process, else last beat. */
  since: Iso;
  resolved_at: Iso | null;
  resolved_by: "itself" | "restart" | "person" | "superseded" | null;
  /** From `since` to the end, or to now while open. */
  duration_s: number;
  acknowledged: { at: Iso; by: string } | null;
  title: string;
  text: string;
  numbers: Record<string, number | string>;
}

export interface RecoveryView {
  phase: "idle" | "starting" | "probation" | "healthy" | "stopping" | "cooldown" | "exhausted" | "stopped";
  attempt: number;
  of: number;
  next_attempt_at: Iso | null;
  reason: string | null;
}

/** One beat in a strip or chart. */
export interface BeatView {
  at: Iso;
  status: string;
  tokens: number;
  /** Mean the cycle was compared with; null while warming up. */
  baseline: number | null;
  cycle: number | null;
  cycle_kind: string | null;
  cycle_ms: number | null;
  cost_usd: number | null;
  message: string | null;
}

export interface AgentView {
  id: number;
  name: string;
  state: "new" | "up" | "late" | "down" | "stopping" | "stopped" | "paused" | "unknown";
  since: Iso;
  first_seen_at: Iso;
  last_beat_at: Iso | null;
  last_status: string | null;
  last_message: string | null;
  next_beat_by: Iso | null;
  interval_s: number;
  interval_source: "set" | "declared" | "learned" | "assumed";
  missed: number;
  lease: { until: Iso; reason: string | null } | null;
  run_id: string | null;
  beats_total: number;
  tokens_total: number;
  cost_usd_total: number;
  /** Of the kind of cycle that ran last; null during warm-up. */
  baseline_tokens: number | null;
  /** Tokens above which one cycle opens `runaway` or `spike` (10 × baseline); null during warm-up. */
  alarm_tokens: number | null;
  restarts_today: number;
  recovery: RecoveryView | null;
  host: string | null;
  supervisor: { id: string; lost: boolean } | null;
  liveness: "beats" | "process";
  paused: { by: string; reason: string } | null;
  tags: string[];
  clock_skew_s: number | null;
  incidents: {
    id: number;
    kind: string;
    severity: "page" | "warn" | "info";
    opened_at: Iso;
    title: string;
    acknowledged: boolean;
  }[];
  /** The last beats, oldest first; only with `?beats=N` (at most 60). */
  recent?: BeatView[];
}

export interface EventView {
  id: number;
  agent: string;
  at: Iso;
  kind: string;
  text: string;
  data: Record<string, number | string | boolean | null>;
}

/** Lists are paged by cursor: pass `next` back as `?cursor=`. */
export interface Page<T> {
  items: T[];
  next: string | null;
}

/** `GET /api/v1/agents/{name}/cycles?limit=&cursor=&from=&to=`: newest first. */
export type CyclesAnswer = Page<BeatView>;

/** The answer to one beat. */
export interface BeatAnswer {
  ok: true;
  agent: string;
  agent_id: number;
  state: string;
  directive: "continue" | "pause" | "stop";
  reason: string | null;
  next_beat_by: Iso | null;
  warning: "loop_detected" | "cost_exceeded" | null;
}

export interface ErrorBody {
  error: { code: string; message: string; details?: { path: string; message: string }[] };
}

/**
 * `GET /api/v1/stream`: server-sent events, each with an `id`. After a reconnect with `Last-Event-ID` what was missed
 * comes first; when it is too old to be known, `resync` tells the client to load everything again.
 */
export type StreamMessage =
  | { event: "hello"; data: { now: Iso; version: string } }
  | { event: "resync"; data: { now: Iso } }
  /** Sent for each agent that changed, at most about once a second each; carries the beats since the last one. */
  | { event: "agent"; data: AgentView & { recent: BeatView[] } }
  | { event: "agent-forgotten"; data: { name: string } }
  | { event: "history"; data: EventView }
  | { event: "incident"; data: IncidentView };

/** The body of every webhook. */
export interface WebhookBody {
  type: "incident.opened" | "incident.raised" | "incident.resolved" | "incident.reminder" | "report.daily" | "test";
  /** The idempotency key. */
  id: string;
  at: Iso;
  agent: string | null;
  kind: string | null;
  severity: "page" | "warn" | "info" | null;
  title: string;
  text: string;
  incident: IncidentView | null;
}
