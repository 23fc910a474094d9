/** What the HTTP API answers with. Times are RFC 3339 UTC strings, durations seconds (`_s`), money USD. */

import type { ReportView } from "./report-view.ts";

export type Iso = string;

export interface IncidentView extends IncidentSummary {
  /** What was taken of its runs when they hung or ended, oldest first; `GET /api/v1/evidence/{id}` has the whole. */
  evidence: EvidenceLineView[];
}

export interface EvidenceLineView {
  id: number;
  at: Iso;
  why: "hung" | "crashed" | "overdue";
  /** One line for a person: the most telling fact. */
  summary: string;
}

/** `GET /api/v1/evidence/{id}`: what a run was doing when it hung or ended. */
export interface EvidenceView extends EvidenceLineView {
  agent: string;
  run_id: string;
  /** In the order in which a person should read them; text from the agent, to be trusted by nobody. */
  items: { name: string; text: string }[];
}

/** `GET /api/v1/agents/{name}/commands`: what was asked for an agent, newest first. */
export interface CommandView {
  id: string;
  agent: string;
  command: string;
  /** Those that come `after` the agent were meant, too. */
  dependents: boolean;
  by: string;
  /** The label of the key, or the session, that asked; null where an older Midwatch did not write it down. */
  asked_with: string | null;
  /** Who carries it out; null for what the server does by itself. */
  supervisor: string | null;
  /** `delivered`: fetched by the supervisor; `expired`: no outcome came in time. */
  state: "waiting" | "delivered" | "done" | "failed" | "expired";
  message: string | null;
  asked_at: Iso;
  finished_at: Iso | null;
}

/** An incident as it is told in a webhook. */
export interface IncidentSummary {
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

/** One limit of a budget and how it stands. Dollars, or tokens. */
export interface LimitView {
  name: `${"tokens" | "usd"}_per_${"cycle" | "hour" | "day" | "month"}`;
  limit: number;
  spent: number;
  level: "within" | "near" | "exceeded";
  /** When the period ends; null for a cycle, and before anything was spent. */
  until: Iso | null;
  /** Tokens of the period without a price: a limit in dollars does not see them. */
  unpriced_tokens: number;
  set_by: "configuration" | "operator";
}

/** `GET /api/v1/budgets`: budgets that several agents share. */
export interface SharedBudgetView {
  /** `install` for all agents, or `tag:research`. */
  name: string;
  limits: LimitView[];
}

/** `GET /api/v1/agents/{name}/calls`: one metered call. */
export interface CallView {
  key: string;
  at: Iso;
  source: "proxy" | "log" | "span" | "metric";
  provider: string | null;
  model: string | null;
  input_tokens: number;
  output_tokens: number;
  cache_read_tokens: number;
  cache_write_tokens: number;
  reasoning_tokens: number;
  calls: number;
  /** Null is unpriced. */
  cost_usd: number | null;
  priced_by: "reported" | "own" | "table" | "local" | null;
  price_version: string | null;
  outcome: "ok" | "failed" | "aborted";
  /** The usage was guessed from the length of the texts. */
  estimated: boolean;
  /** False: another source tells of the same calls, and counts. */
  counted: boolean;
  session: string | null;
  remarks: string[];
}

/** `GET /api/v1/cost?from=&to=&agent=`: what was used in whole UTC hours, by agent, model and source. */
export interface CostAnswer {
  from: Iso;
  to: Iso;
  rows: CostRowView[];
}

export interface CostRowView {
  agent: string;
  provider: string | null;
  model: string | null;
  /** `beat`: told by the agent itself. */
  source: "beat" | "proxy" | "log" | "span" | "metric";
  counted: boolean;
  calls: number;
  input_tokens: number;
  output_tokens: number;
  cache_read_tokens: number;
  cache_write_tokens: number;
  reasoning_tokens: number;
  cost_usd: number;
  /** Tokens without a price; their cost is missing from `cost_usd`. */
  unpriced_tokens: number;
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
  /** `until`: when the pause ends by itself; null when a person has to end it. */
  paused: { by: string; reason: string; until: Iso | null } | null;
  /** Its own budget; empty without one. */
  budget: LimitView[];
  /** Who has counted its usage lately: `beat`, `proxy`, `log`, `span`, `metric`. */
  metered_by: string[];
  /** Tokens of this month without a price: their cost is in no sum. */
  unpriced_tokens: number;
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
  /** First of all, and then every ten seconds: a stream that is mute for longer is dead. */
  | { event: "hello"; data: { now: Iso; version: string } }
  | { event: "resync"; data: { now: Iso } }
  /** Sent for each agent that changed, at most about once a second each; carries the beats since the last one. */
  | { event: "agent"; data: AgentView & { recent: BeatView[] } }
  | { event: "agent-forgotten"; data: { name: string } }
  | { event: "history"; data: EventView }
  | { event: "incident"; data: IncidentView };

/** What is told to people. A webhook's body is exactly this; every other channel renders it. */
export interface WebhookBody {
  /**
   * `incident.updated`: more is known of something that was told; of a group, that some are back also goes to
   * channels that can't change what they sent; the rest only to those that can.
   * `incident.acknowledged`: somebody looks after something that was told; it goes only to channels that can make something of it.
   * `digest`: what waited for the end of quiet hours.
   */
  type:
    | "incident.opened"
    | "incident.raised"
    | "incident.updated"
    | "incident.acknowledged"
    | "incident.resolved"
    | "incident.reminder"
    | "digest"
    | "report.daily"
    | "report.weekly"
    | "report.monthly"
    | "test";
  /** The idempotency key. */
  id: string;
  /** The same for all messages about one incident or one group of incidents; null where nothing follows. */
  thread: string | null;
  at: Iso;
  agent: string | null;
  kind: string | null;
  severity: "page" | "warn" | "info" | null;
  title: string;
  text: string;
  /** The numbers behind it, for people: at most 12. */
  facts: MessageFact[];
  /** The last lines that the agent wrote, oldest first, secrets taken out: at most 20. */
  log: string[];
  /** What a grouped message or a digest speaks for; empty for one incident. */
  members: MessageMember[];
  /** Who looks after it, and since when; null while nobody does. */
  acknowledged: { by: string; at: Iso } | null;
  /** The page where a person reads on; null when nobody knows the server's address. */
  url: string | null;
  /** Links that ask before they act. */
  actions: MessageAction[];
  incident: IncidentSummary | null;
  /** Only in reports: the data behind the text, agents with something to tell first. */
  report?: ReportView;
}

export interface MessageFact {
  /** Few words: "last beat", "tokens in this cycle". */
  label: string;
  value: string;
}

export interface MessageMember {
  agent: string;
  kind: string;
  title: string;
  host: string | null;
  since: Iso;
  resolved_at: Iso | null;
}

export interface MessageAction {
  action: "acknowledge" | "silence" | "restart" | "resume" | "raise-cap" | "accept-baseline";
  /** What the button says: "Silence for an hour". */
  label: string;
  url: string;
}

/** `GET /api/v1/silences`. */
export interface SilenceView {
  id: number;
  /** Names with `*`; every part that is not empty must fit. */
  agents: string[];
  tags: string[];
  kinds: string[];
  from: Iso;
  until: Iso;
  reason: string;
  by: string;
}

/** `GET /api/v1/channels`. */
export interface ChannelView {
  name: string;
  type: string;
  can_update: boolean;
  /** Since it lost a message for good; null while it works. */
  failing_since: Iso | null;
  error: string | null;
  waiting: number;
  oldest_s: number;
  failed: number;
}

/** `POST /api/v1/channels/{name}/test`. */
export interface ChannelTestAnswer {
  ok: boolean;
  message: string;
}

/** `GET /api/v1/notifications`: one message on its way to one channel. */
export interface NotificationView {
  /** The idempotency key that its receiver sees. */
  key: string;
  channel: string;
  agent: string | null;
  thread: string | null;
  type: string;
  title: string;
  at: Iso;
  state: "waiting" | "claimed" | "sent" | "failed";
  finished_at: Iso | null;
  /** When it is tried again; null when it is finished. */
  next_at: Iso | null;
  attempts: { n: number; at: Iso; took_s: number; error: string | null; retry_at: Iso | null }[];
}
