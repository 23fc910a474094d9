import { DAY, MINUTE, type DurationMs, type IncidentKind, type LivenessState, type Ms } from "@midwatch/core";
import type { AgentRow, StoredEvent, StoredIncident } from "@midwatch/store";

/** Silences that began further apart than this have nothing to do with each other. */
const togetherMs: DurationMs = 15 * MINUTE;

/** What this process remembers of an agent besides its row, so that no beat has to ask the store for it. */
export interface CensusEntry {
  id: number;
  state: LivenessState;
  since: Ms;
  host: string | null;
  supervisor: string | null;
  supervisorLost: boolean;
  /** Rows of the open incidents, by kind. */
  readonly incidents: Map<IncidentKind, number>;
  /** Times of the restarts of the last 24 h, newest last. */
  restarts: Ms[];
  /** The last beat that did not pass through the supervisor. */
  directBeatAt: Ms | null;
  directRunId: string | null;
  /** The kind of cycle that ran last, as far as this process has seen. */
  cycleKind: string | null;
}

const maxRestartsKept = 200;

/** Agents one server watches: a bound against a client that makes up names. */
export const maxAgents = 100_000;

/** All agents at a glance: counts by state, open incidents by agent, who belongs to which supervisor. */
export class Census {
  readonly #entries = new Map<string, CensusEntry>();
  readonly #counts: Record<LivenessState, number> = {
    new: 0,
    up: 0,
    late: 0,
    down: 0,
    stopping: 0,
    stopped: 0,
    paused: 0,
    unknown: 0,
  };
  readonly #silent = new Set<string>();
  readonly #bySupervisor = new Map<string, Set<string>>();

  get(name: string): CensusEntry | undefined {
    return this.#entries.get(name);
  }

  get size(): number {
    return this.#entries.size;
  }

  /** False for a new agent when there are as many as this server watches. */
  hasRoomFor(name: string): boolean {
    return this.#entries.size < maxAgents || this.#entries.has(name);
  }

  names(): IterableIterator<string> {
    return this.#entries.keys();
  }

  countOf(state: LivenessState): number {
    return this.#counts[state];
  }

  counts(): Readonly<Record<LivenessState, number>> {
    return this.#counts;
  }

  supervisors(): IterableIterator<string> {
    return this.#bySupervisor.keys();
  }

  agentsOf(supervisor: string): ReadonlySet<string> {
    return this.#bySupervisor.get(supervisor) ?? new Set();
  }

  /** Agents that have gone late or down within the time in which silences belong together. */
  silentLately(now: Ms): ReadonlySet<string> {
    const lately = new Set<string>();
    for (const name of this.#silent) {
      const entry = this.#entries.get(name);
      if (entry && now - entry.since <= togetherMs) lately.add(name);
    }
    return lately;
  }

  restartsSince(name: string, from: Ms): number {
    return this.#entries.get(name)?.restarts.filter((at) => at >= from).length ?? 0;
  }

  /** Takes over what was written of an agent. */
  note(row: Pick<AgentRow, "id" | "state">): void {
    const { state } = row;
    const known = this.#entries.get(state.name);
    const supervisor = state.supervisor?.id ?? null;
    if (known) {
      known.supervisorLost = state.supervisor?.lost ?? false;
      if (known.supervisor !== supervisor) this.#moveTo(state.name, known.supervisor, supervisor);
      known.supervisor = supervisor;
      known.host = state.supervisor?.host ?? null;
      known.since = state.since;
      if (known.state === state.state) return;
      this.#counts[known.state] -= 1;
      known.state = state.state;
    } else {
      this.#entries.set(state.name, {
        id: row.id,
        state: state.state,
        since: state.since,
        host: state.supervisor?.host ?? null,
        supervisor,
        supervisorLost: state.supervisor?.lost ?? false,
        incidents: new Map(),
        restarts: [],
        directBeatAt: null,
        directRunId: null,
        cycleKind: null,
      });
      this.#moveTo(state.name, null, supervisor);
    }
    this.#counts[state.state] += 1;
    if (state.state === "late" || state.state === "down") this.#silent.add(state.name);
    else this.#silent.delete(state.name);
  }

  forget(name: string): void {
    const known = this.#entries.get(name);
    if (!known) return;
    this.#counts[known.state] -= 1;
    this.#moveTo(name, known.supervisor, null);
    this.#silent.delete(name);
    this.#entries.delete(name);
  }

  /** A supervisor is told of beats that did not pass through it. */
  noteDirectBeat(name: string, at: Ms, runId: string | null): void {
    const entry = this.#entries.get(name);
    if (!entry) return;
    entry.directBeatAt = at;
    entry.directRunId = runId;
  }

  noteIncident(stored: StoredIncident): void {
    const incidents = this.#entries.get(stored.agent)?.incidents;
    if (stored.resolvedAt === null) incidents?.set(stored.incident.kind, stored.id);
    else incidents?.delete(stored.incident.kind);
  }

  /** Counts restarts: those of a supervisor, and new runs of an agent that nobody supervises. */
  noteHistory(event: StoredEvent): void {
    const entry = this.#entries.get(event.agent);
    if (!entry) return;
    const ownRun = event.kind === "run-started" && event.data["before"] !== null && entry.supervisor === null;
    if (event.kind !== "restarted" && !ownRun) return;
    entry.restarts = [...entry.restarts.filter((at) => at > event.at - DAY), event.at].slice(-maxRestartsKept);
  }

  #moveTo(name: string, from: string | null, to: string | null): void {
    if (from !== null) {
      const left = this.#bySupervisor.get(from);
      left?.delete(name);
      if (left?.size === 0) this.#bySupervisor.delete(from);
    }
    if (to === null) return;
    const joined = this.#bySupervisor.get(to);
    if (joined) joined.add(name);
    else this.#bySupervisor.set(to, new Set([name]));
  }
}
