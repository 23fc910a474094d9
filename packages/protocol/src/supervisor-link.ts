/**
 * What a supervisor and the server say to each other. The supervisor always calls; commands come in the answers.
 *
 * `POST /api/v1/supervisors/{id}/batch`     BatchRequest → BatchAnswer   what the spool holds, in order
 * `GET  /api/v1/supervisors/{id}/commands?wait_s=20`  → CommandsAnswer   long poll
 * `POST /api/v1/supervisors/{id}/commands/{id}/outcome`  CommandOutcome
 *
 * A key with scope `ingest` is needed.
 */

import type { BeatStatus } from "@midwatch/core";
import type { BeatAnswer, ErrorBody, RecoveryView } from "./api.ts";
import type { WireLimits } from "./budget-limits.ts";

/** A fact the supervisor saw; `at` in milliseconds by its own clock, put right by the difference to `sent_at`. */
export type SupervisorFact =
  | { type: "started"; at: number; agent: string; run_id: string; pid: number | null }
  | { type: "start-refused"; at: number; agent: string; run_id: string; reason: string }
  | { type: "start-delayed"; at: number; agent: string; reason: string }
  | {
      type: "exited";
      at: number;
      agent: string;
      run_id: string;
      exit: {
        code: number | null;
        signal: string | null;
        stopped_for: "hung" | "command" | "budget" | "shutdown" | "overdue" | null;
        /** Out of memory, how sure that is, and what said so; null when nothing did. */
        oom: { confidence: "certain" | "likely"; seen: string } | null;
        last_lines: string[];
      };
    }
  | { type: "hung"; at: number; agent: string; run_id: string; last_beat_at: number | null }
  | {
      type: "state-invalid";
      at: number;
      agent: string;
      reason: string;
      action: "restored" | "fresh" | "stopped";
      text: string;
    }
  | ({ type: "evidence"; at: number; agent: string } & EvidenceBundle)
  | {
      type: "recovery";
      at: number;
      agent: string;
      recovery: {
        phase: RecoveryView["phase"];
        attempt: number;
        of: number;
        until: number | null;
        started_at: number | null;
        run_id: string | null;
        pid: number | null;
        reason: string | null;
        restarts: number[];
        trouble_since: number | null;
      };
    };

/** What a run was doing when it hung or ended, taken while it could still be asked. At most 128 KiB as JSON. */
export interface EvidenceBundle {
  run_id: string;
  why: "hung" | "crashed" | "overdue";
  /** One line for a person: the most telling fact. */
  summary: string;
  /** In the order in which a person should read them; each text at most 16 KiB, secrets redacted. */
  items: { name: EvidenceName; text: string }[];
}

export type EvidenceName = "stack" | "process" | "files" | "output" | "beats" | "environment" | "platform";

/** One thing from the spool; `n` rises by one for each and makes a retry harmless. */
export type SpoolItem = { n: number; beat: unknown; received_at: number } | { n: number; fact: SupervisorFact };

export interface BatchRequest {
  host: string;
  /** The supervisor's clock when it sent this, in milliseconds. */
  sent_at: number;
  /** Changes whenever the supervisor's spool starts anew, so that `n` may start over. */
  spool: string;
  agents: { name: string; settings: SupervisedSettings }[];
  items: SpoolItem[];
}

/** Settings of a supervised agent that the server must know to judge alike. Milliseconds. */
export interface SupervisedSettings {
  interval_ms: number | null;
  missed_limit: number;
  startup_ms: number;
  liveness: "beats" | "process";
  /** Absent in what older supervisors send: `always`. */
  restart?: "always" | "on-failure" | "never";
  max_restarts: number;
  cooldown_ms: number;
  tags: string[];
  /** What the agent may use at most, dollars as dollars. This and what follows is absent in what older supervisors send. */
  budget?: WireLimits;
  on_runaway?: "page" | "pause";
  detector?: "on" | "shadow";
  /** Null is off. */
  stuck_cycles?: number | null;
}

export interface BatchAnswer {
  /** The highest `n` that is durable here; everything up to it may leave the spool. */
  upto: number;
  /** Per beat of the batch, in order: its answer, or why it was refused. */
  beats: (BeatAnswer | ErrorBody)[];
  agents: SupervisedAgentView[];
}

/** What the server knows of a supervised agent that the supervisor may not. */
export interface SupervisedAgentView {
  name: string;
  directive: "continue" | "pause" | "stop";
  reason: string | null;
  warning: "loop_detected" | "cost_exceeded" | null;
  /** The last beat that reached the server without passing through the supervisor, in milliseconds of the server's clock; null if none did. */
  direct_beat_at: number | null;
  direct_run_id: string | null;
  /** What that beat said: its status, how much of its lease is left, the interval it declared. Null where it said nothing of it. */
  direct_status: BeatStatus | null;
  direct_lease_ms: number | null;
  direct_interval_ms: number | null;
}

export interface Command {
  id: string;
  agent: string;
  command: "restart" | "stop" | "start" | "pause" | "resume" | "kill";
  /** With a restart: what comes `after` the agent is restarted, too. */
  dependents?: boolean;
  by: string;
  at: string;
}

export interface CommandsAnswer {
  commands: Command[];
  agents: SupervisedAgentView[];
}

export interface CommandOutcome {
  ok: boolean;
  message: string;
}
