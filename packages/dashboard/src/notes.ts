// The second line of a row: what makes this agent different from one that is simply up. Most rows have none.

import type { AgentView, RecoveryView } from "./api-types.ts";

export interface Note {
  readonly tone: "page" | "warn" | "info";
  readonly text: string;
  /** A time that belongs to the note, put after `text`. */
  readonly at: string | null;
  /** What follows the time. */
  readonly tail: string;
  /** `since` counts on ("· 4 min"), `clock` is a time of day. */
  readonly show: "since" | "clock" | null;
}

/** Incidents first, worst first; then everything else that is particular about it. */
export function notesOf(agent: AgentView): readonly Note[] {
  return [...incidentNotes(agent), ...circumstancesOf(agent)];
}

/** What the supervisor is doing about it, waits, holds and weak signals. */
export function circumstancesOf(agent: AgentView): readonly Note[] {
  // The incident says it better, and once is enough.
  const said = agent.incidents.some((one) => one.kind === "needs-human");
  return [
    ...(said && agent.recovery?.phase === "exhausted" ? [] : recoveryNotes(agent.recovery)),
    ...holdNotes(agent),
    ...sightNotes(agent),
  ];
}

const severities = ["page", "warn", "info"] as const;

function incidentNotes(agent: AgentView): readonly Note[] {
  return agent.incidents
    .toSorted((a, b) => severities.indexOf(a.severity) - severities.indexOf(b.severity))
    .map((incident) => ({
      tone: incident.severity,
      text: incident.title,
      at: incident.opened_at,
      tail: incident.acknowledged ? ", acknowledged" : "",
      show: "since",
    }));
}

function recoveryNotes(recovery: RecoveryView | null): readonly Note[] {
  if (!recovery) return [];
  const { phase, attempt, of, next_attempt_at: at } = recovery;
  switch (phase) {
    case "idle":
    case "healthy":
    case "stopped":
      return [];
    case "starting":
      return [plain("info", attempt === 0 ? "starting" : `restart ${attempt} of ${of}: waiting for its first beat`)];
    case "probation":
      return [plain("info", `restart ${attempt} of ${of}: on probation`)];
    case "stopping":
      return [plain("info", "being stopped")];
    case "cooldown": {
      const then = `, then restart ${Math.min(attempt + 1, of)} of ${of}`;
      if (at === null) return [plain("warn", `cooldown${then}`)];
      return [{ tone: "warn", text: "cooldown until", at, tail: then, show: "clock" }];
    }
    case "exhausted":
      return [plain("page", `needs a human: no automatic restarts left after ${attempt} of ${of}`)];
  }
}

function holdNotes(agent: AgentView): readonly Note[] {
  const notes: Note[] = [];
  if (agent.paused) notes.push(plain("info", pausedWords(agent.paused)));
  if (agent.lease) {
    const tail = agent.lease.reason === null ? "" : `: ${agent.lease.reason}`;
    notes.push({ tone: "info", text: "asked for quiet until", at: agent.lease.until, tail, show: "clock" });
  }
  return notes;
}

/** The server's own reason often names who it was already. */
function pausedWords({ by, reason, until }: NonNullable<AgentView["paused"]>): string {
  const ends = until === null ? "" : "; it goes on by itself when the period ends, or when the cap is raised";
  return `${reason.includes(by) ? reason : `paused by ${by}: ${reason}`}${ends}`;
}

function sightNotes(agent: AgentView): readonly Note[] {
  const notes: Note[] = [];
  if (agent.supervisor?.lost) notes.push(plain("warn", "its supervisor is not heard from"));
  if (agent.liveness === "process")
    notes.push(plain("info", "watched by its process only, which proves less than beats"));
  if (agent.clock_skew_s !== null && Math.abs(agent.clock_skew_s) > 30) {
    const side = agent.clock_skew_s > 0 ? "ahead" : "behind";
    notes.push(plain("info", `its clock is ${Math.round(Math.abs(agent.clock_skew_s))} s ${side}`));
  }
  return notes;
}

function plain(tone: Note["tone"], text: string): Note {
  return { tone, text, at: null, tail: "", show: null };
}
