// Sample views for the tests, complete as the API sends them.

import type { AgentView, BeatView, OpenIncident } from "../api-types.ts";

const start = Date.UTC(2026, 10, 24, 3, 0, 0);

/** Seconds after 03:00:00 UTC, as the API writes it. */
export function after(seconds: number): string {
  return new Date(start + seconds * 1_000).toISOString();
}

export function sampleAgent(over: Partial<AgentView> = {}): AgentView {
  return {
    id: 1,
    name: "my-agent",
    state: "up",
    since: after(0),
    first_seen_at: after(0),
    last_beat_at: after(0),
    last_status: "ok",
    last_message: null,
    next_beat_by: after(60),
    interval_s: 60,
    interval_source: "declared",
    missed: 0,
    lease: null,
    run_id: null,
    beats_total: 1,
    tokens_total: 0,
    cost_usd_total: 0,
    baseline_tokens: null,
    alarm_tokens: null,
    restarts_today: 0,
    recovery: null,
    host: null,
    supervisor: null,
    liveness: "beats",
    paused: null,
    budget: [],
    metered_by: [],
    unpriced_tokens: 0,
    tags: [],
    clock_skew_s: null,
    incidents: [],
    recent: [],
    ...over,
  };
}

export function sampleBeat(seconds: number, over: Partial<BeatView> = {}): BeatView {
  return {
    at: after(seconds),
    status: "ok",
    tokens: 200,
    baseline: 200,
    cycle: null,
    cycle_kind: null,
    cycle_ms: null,
    cost_usd: null,
    message: null,
    ...over,
  };
}

export function sampleIncident(over: Partial<OpenIncident> = {}): OpenIncident {
  return {
    id: 1,
    kind: "silent",
    severity: "page",
    opened_at: after(0),
    title: "No beat",
    acknowledged: false,
    ...over,
  };
}
