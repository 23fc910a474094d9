import type { AgentEvent, Ms } from "@midwatch/core";
import { limitsFromWire, type SupervisedSettings, type SupervisorFact } from "@midwatch/protocol";
import type { EvidenceDraft } from "@midwatch/store";
import type { SettingsPatch } from "../settings.ts";

/** A fact as the rules know it. `here` turns a time of the supervisor's clock into one of ours; an event is never ahead of `now`. */
export function eventOfFact(fact: SupervisorFact, here: (at: number) => Ms, now: Ms): AgentEvent {
  const at = Math.min(now, here(fact.at));
  switch (fact.type) {
    case "started":
      return { type: "started", at, runId: fact.run_id, pid: fact.pid };
    case "start-refused":
      return { type: "start-refused", at, runId: fact.run_id, reason: fact.reason };
    case "hung":
      return { type: "hung", at, runId: fact.run_id, lastBeatAt: orNull(fact.last_beat_at, here) };
    case "exited": {
      const { code, signal, stopped_for, oom, last_lines } = fact.exit;
      const exit = { code, signal, stoppedFor: stopped_for, oom, lastLines: last_lines };
      return { type: "exited", at, runId: fact.run_id, exit };
    }
    case "start-delayed":
      return { type: "start-delayed", at, reason: fact.reason };
    case "state-invalid":
      return { type: "state-invalid", at, reason: fact.reason, action: fact.action, text: fact.text };
    case "evidence":
      return { type: "evidence-taken", at, runId: fact.run_id, why: fact.why, summary: fact.summary };
    case "recovery":
      return { type: "recovery-reported", at, recovery: recoveryOf(fact.recovery, here) };
  }
}

export function evidenceOfFact(
  { run_id, why, summary, items }: Extract<SupervisorFact, { type: "evidence" }>,
  known: { readonly key: string; readonly at: Ms },
): EvidenceDraft {
  return { ...known, runId: run_id, why, summary, items };
}

function recoveryOf(
  recovery: Extract<SupervisorFact, { type: "recovery" }>["recovery"],
  here: (at: number) => Ms,
): Extract<AgentEvent, { type: "recovery-reported" }>["recovery"] {
  const { attempt, of, pid, reason } = recovery;
  return {
    phase: recovery.phase,
    attempt,
    of,
    until: orNull(recovery.until, here),
    startedAt: orNull(recovery.started_at, here),
    runId: recovery.run_id,
    pid,
    then: null,
    reason,
    restarts: recovery.restarts.map(here),
    troubleSince: orNull(recovery.trouble_since, here),
  };
}

/** What a supervisor declares of an agent, as it overrides the server's defaults. */
export function patchOfSupervised(settings: SupervisedSettings): SettingsPatch {
  return {
    ...(settings.interval_ms === null ? {} : { intervalMs: settings.interval_ms }),
    missedLimit: Math.max(1, settings.missed_limit),
    startupMs: settings.startup_ms,
    liveness: settings.liveness,
    restart: {
      restart: settings.restart ?? "always",
      maxRestarts: settings.max_restarts,
      cooldownMs: settings.cooldown_ms,
    },
    tags: settings.tags,
    // What an older supervisor does not say is left to the server's defaults.
    ...(settings.budget === undefined ? {} : { budget: limitsFromWire(settings.budget) }),
    ...(settings.on_runaway === undefined ? {} : { onRunaway: settings.on_runaway }),
    ...(settings.detector === undefined ? {} : { detector: settings.detector }),
    ...(settings.stuck_cycles === undefined ? {} : { stuckCycles: settings.stuck_cycles }),
  };
}

function orNull(at: number | null, here: (at: number) => Ms): Ms | null {
  return at === null ? null : here(at);
}
