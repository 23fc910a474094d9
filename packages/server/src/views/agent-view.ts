import {
  answerFor,
  rollOver,
  sourcesAt,
  type AgentSettings,
  type AgentState,
  type IncidentKind,
  type Ms,
  type Recovery,
} from "@midwatch/core";
import type { AgentView, BeatView, RecoveryView } from "@midwatch/protocol";
import type { AgentOverrides, BeatRecord } from "@midwatch/store";
import { limitViews } from "./budget-view.ts";
import { iso, isoOrNull, seconds, usd } from "./time.ts";

export interface AgentFacts {
  readonly id: number;
  readonly state: AgentState;
  readonly settings: AgentSettings;
  readonly overrides: AgentOverrides;
  readonly incidentIds: ReadonlyMap<IncidentKind, number>;
  readonly restartsToday: number;
  /** What cycles of the present kind are compared with; null during warm-up. */
  readonly baselineTokens: number | null;
  readonly alarmTokens: number | null;
  readonly now: Ms;
}

/** An agent as the API shows it. */
export function agentView(facts: AgentFacts): AgentView {
  const { id, state, settings, overrides, incidentIds } = facts;
  return {
    id,
    name: state.name,
    state: state.state,
    since: iso(state.since),
    first_seen_at: iso(state.firstSeenAt),
    last_beat_at: isoOrNull(state.lastBeatAt),
    last_status: state.lastStatus,
    last_message: state.lastMessage,
    next_beat_by: isoOrNull(answerFor(state, settings).nextBeatBy),
    interval_s: seconds(state.intervalMs),
    interval_source: state.intervalSource,
    missed: state.missed,
    lease: state.lease ? { until: iso(state.lease.until), reason: state.lease.reason } : null,
    run_id: state.run?.runId ?? null,
    beats_total: state.beatsTotal,
    tokens_total: state.tokensTotal,
    cost_usd_total: usd(state.costUsdMicrosTotal),
    baseline_tokens: facts.baselineTokens,
    alarm_tokens: facts.alarmTokens,
    restarts_today: facts.restartsToday,
    recovery: state.recovery ? recoveryView(state.recovery) : null,
    host: state.supervisor?.host ?? null,
    supervisor: state.supervisor ? { id: state.supervisor.id, lost: state.supervisor.lost } : null,
    liveness: settings.liveness,
    paused:
      state.hold?.directive === "pause"
        ? { by: state.hold.who, reason: state.hold.reason, until: isoOrNull(state.hold.until ?? null) }
        : null,
    budget: limitViews(state.budget, settings.budget, { now: facts.now, set: budgetSet(overrides) }),
    unpriced_tokens: rollOver(state.budget, { at: facts.now }).month?.unpricedTokens ?? 0,
    metered_by: [...sourcesAt(state.metering, facts.now)],
    tags: [...overrides.tags],
    clock_skew_s: state.skewMs === null ? null : seconds(state.skewMs),
    incidents: state.incidents.map((incident) => ({
      id: incidentIds.get(incident.kind) ?? 0,
      kind: incident.kind,
      severity: incident.severity,
      opened_at: iso(incident.openedAt),
      title: incident.title,
      acknowledged: incident.acknowledged !== null,
    })),
  };
}

/** The limits that an operator has set. */
function budgetSet({ operator }: AgentOverrides): Readonly<Record<string, unknown>> {
  const { budget } = operator;
  return typeof budget === "object" && budget !== null ? (budget as Record<string, unknown>) : {};
}

export function beatView(beat: BeatRecord): BeatView {
  return {
    at: iso(beat.at),
    status: beat.status,
    // Of the whole cycle where one ended: what it used may have been metered from outside.
    tokens: beat.cycleTokens || beat.tokens,
    baseline: beat.baseline,
    cycle: beat.cycle,
    cycle_kind: beat.cycleKind,
    cycle_ms: beat.cycleMs,
    cost_usd: beat.costUsdMicros === null ? null : usd(beat.costUsdMicros),
    message: beat.message,
  };
}

function recoveryView(recovery: Recovery): RecoveryView {
  return {
    phase: recovery.phase,
    attempt: recovery.attempt,
    of: recovery.of,
    next_attempt_at: recovery.phase === "cooldown" ? isoOrNull(recovery.until) : null,
    reason: recovery.reason,
  };
}
