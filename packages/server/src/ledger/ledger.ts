import type { AgentEvent, DurationMs, Ms } from "@midwatch/core";
import type { AgentRow, CommandDraft, CommandOutcome, Store, TelemetryWrites, Writes, Written } from "@midwatch/store";
import type { Clock } from "../clock.ts";
import type { SettingsOf } from "../settings.ts";
import { draftAnnouncements, draftNotices, type Announcement } from "./announce.ts";
import { Census } from "./census.ts";
import { foldAgents, type AgentJob, type AgentOutcome, type Folded } from "./fold-agents.ts";

const pageSize = 500;

export interface CommitOptions {
  /** From the sweeper: deadlines are stored as they are. */
  readonly moveDeadlines?: boolean;
  readonly commands?: readonly CommandDraft[];
  readonly outcomes?: readonly CommandOutcome[];
  readonly spool?: NonNullable<Writes["spools"]>[number];
  readonly telemetry?: TelemetryWrites;
}

/** What budgets that several agents share make of a commit. */
export interface SharedSpending {
  /** Written with it. */
  readonly facts: NonNullable<Writes["facts"]>;
  readonly announcements: readonly Announcement[];
  /** It is durable. */
  committed(): void;
}

export interface Committed {
  readonly outcomes: ReadonlyMap<string, AgentOutcome>;
  readonly written: Written;
}

/** Told of everything that became durable. Must not throw, and must be quick. */
export interface LedgerListener {
  committed(commit: Committed, tookMs: DurationMs): void;
  failed(error: unknown): void;
}

export interface LedgerDeps {
  readonly store: Store;
  readonly clock: Clock;
  readonly settingsOf: SettingsOf;
  /** Called after notices were written, so that they are routed at once. */
  readonly wakeDesk: () => void;
  /** Adds to shared budgets. Called inside the transaction, perhaps more than once; changes nothing by itself. */
  readonly spend?: (outcomes: ReadonlyMap<string, AgentOutcome>, now: Ms) => SharedSpending | null;
}

/**
 * The one way in which agents change. A commit folds events into agents and writes states, beats, history, incidents and
 * notifications in one transaction; when its promise resolves all of it is durable, and when it rejects none of it happened.
 */
export class Ledger {
  readonly census = new Census();
  readonly #deps: LedgerDeps;
  readonly #listeners: LedgerListener[] = [];

  constructor(deps: LedgerDeps) {
    this.#deps = deps;
  }

  listen(listener: LedgerListener): void {
    this.#listeners.push(listener);
  }

  /** Reads what this process has to remember; `each` sees every agent on the way. Call before the first commit. */
  async load(each?: (row: AgentRow) => void): Promise<void> {
    const { store, clock } = this.#deps;
    for await (const row of this.allAgents()) {
      this.census.note(row);
      each?.(row);
    }
    for (let cursor: string | null = null, first = true; first || cursor !== null; first = false) {
      const page = await store.incidents({ open: true, limit: pageSize, cursor });
      for (const incident of page.items) this.census.noteIncident(incident);
      cursor = page.next;
    }
    const from = clock.now() - 24 * 3_600_000;
    const restarts = await store.history(null, {
      from,
      kinds: ["restarted", "run-started"],
      limit: 5_000,
      cursor: null,
    });
    for (const event of restarts.items.toReversed()) this.census.noteHistory(event);
  }

  async *allAgents(): AsyncGenerator<AgentRow> {
    for (let cursor: string | null = null, first = true; first || cursor !== null; first = false) {
      const page = await this.#deps.store.agents({ limit: pageSize, cursor });
      yield* page.items;
      cursor = page.next;
    }
  }

  async commit(jobs: readonly AgentJob[], options: CommitOptions = {}): Promise<Committed> {
    const { store, clock, settingsOf, spend } = this.#deps;
    const startedAt = clock.monotonic();
    const now = clock.now();
    const moveDeadlines = options.moveDeadlines ?? false;
    const decided: { folded: Folded; shared: SharedSpending | null }[] = [];
    let written: Written;
    try {
      written = await store.fold(
        jobs.map((job) => job.name),
        (rows, known) => {
          const folded = foldAgents(jobs, rows, { settingsOf, moveDeadlines, known });
          const shared = spend?.(folded.outcomes, now) ?? null;
          decided[0] = { folded, shared };
          return {
            agents: folded.writes,
            notices: (ids) => [
              ...draftNotices(folded.notices, ids, (agent) => aroundOf(agent, folded, jobs)),
              ...draftAnnouncements(shared?.announcements ?? []),
            ],
            ...(shared ? { facts: shared.facts } : {}),
            ...(options.telemetry ? { telemetry: options.telemetry } : {}),
            ...(options.commands ? { commands: options.commands } : {}),
            ...(options.outcomes ? { outcomes: options.outcomes } : {}),
            ...(options.spool ? { spools: [options.spool] } : {}),
          };
        },
      );
    } catch (error) {
      for (const listener of this.#listeners) listener.failed(error);
      throw error;
    }
    const [last] = decided;
    const commit: Committed = { outcomes: last?.folded.outcomes ?? new Map(), written };
    this.#note(commit);
    last?.shared?.committed();
    const toTell = (last?.folded.notices.length ?? 0) + (last?.shared?.announcements.length ?? 0);
    if (toTell > 0) this.#deps.wakeDesk();
    const tookMs = clock.monotonic() - startedAt;
    for (const listener of this.#listeners) listener.committed(commit, tookMs);
    return commit;
  }

  /** One event for one agent; undefined when the agent is not known. */
  async commitOne(name: string, event: AgentEvent, options: CommitOptions = {}): Promise<AgentOutcome | undefined> {
    const { outcomes } = await this.commit([{ name, events: [event], registerAt: null }], options);
    return outcomes.get(name);
  }

  /** Tells something that is not about one agent. */
  async announce(announcement: Announcement): Promise<void> {
    await this.#deps.store.addNotices(draftAnnouncements([announcement]));
    this.#deps.wakeDesk();
  }

  #note({ outcomes, written }: Committed): void {
    for (const { name, state, forgotten, beats } of outcomes.values()) {
      if (forgotten) {
        this.census.forget(name);
        continue;
      }
      this.census.note({ id: written.agentIds.get(name) ?? 0, state });
      const kind = beats.at(-1)?.cycleKind ?? null;
      const entry = kind === null ? undefined : this.census.get(name);
      if (entry) entry.cycleKind = kind;
    }
    for (const incident of written.incidents) this.census.noteIncident(incident);
    for (const event of written.history) this.census.noteHistory(event);
  }
}

/** What the desk has to know of an agent beside the notice. */
function aroundOf(agent: string, { outcomes }: Folded, jobs: readonly AgentJob[]) {
  const outcome = outcomes.get(agent);
  return {
    host: outcome?.state.supervisor?.host ?? null,
    tags: outcome?.overrides.tags ?? [],
    log: lastLines(jobs.filter(({ name }) => name === agent)),
  };
}

/** Lines of a log that a message shows. */
const maxLines = 12;
const maxLineLength = 300;

/** The last that the agent wrote: from evidence that came with what is told, else from the end of its run. */
function lastLines(jobs: readonly AgentJob[]): readonly string[] {
  const output = jobs
    .flatMap(({ evidence }) => evidence ?? [])
    .flatMap(({ items }) => items)
    .findLast(({ name }) => name === "output");
  const ended = jobs.flatMap(({ events }) => events).findLast((event) => event.type === "exited");
  const lines = output?.text.split("\n") ?? ended?.exit.lastLines ?? [];
  return lines
    .filter((line) => line.trim() !== "")
    .slice(-maxLines)
    .map((line) => line.slice(0, maxLineLength));
}
