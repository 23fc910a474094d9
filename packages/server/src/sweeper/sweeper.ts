// Finds what is due. There is no timer per agent: ten times a second the store is asked whose deadline has passed, and
// those agents get a `tick`, in batches, with room for beats between them. Before any tick the sweeper asks whether it has
// itself been blind, and if so tells every agent first, so that nobody is alerted for a time in which nobody watched.

import { MINUTE, SECOND, spellDuration, type AgentEvent, type DurationMs, type Ms } from "@midwatch/core";
import type { Store } from "@midwatch/store";
import { setImmediate as nextTurn } from "node:timers/promises";
import type { Clock } from "../clock.ts";
import type { AgentJob } from "../ledger/fold-agents.ts";
import type { Ledger } from "../ledger/ledger.ts";
import type { Log } from "../log.ts";
import { storeAdvice } from "../store-trouble.ts";
import type { Gap, Sight } from "./sight.ts";
import type { Supervisors } from "./supervisors.ts";

const everyMs: DurationMs = 100;
const batchSize = 500;
/** Shorter gaps are recorded and forgiven, and wake nobody. */
const tellGapMs: DurationMs = MINUTE;
/** A sweep that fails is tried again after this long, so that a full disk is not asked ten times a second. */
const afterFailureMs: DurationMs = SECOND;

export interface SweeperDeps {
  readonly store: Store;
  readonly ledger: Ledger;
  readonly clock: Clock;
  readonly sight: Sight;
  readonly supervisors: Supervisors;
  readonly log: Log;
  readonly onTurn: (() => void) | null;
  /** Called after each sweep that worked. */
  readonly onSwept: (() => void) | null;
}

export class Sweeper {
  readonly #deps: SweeperDeps;
  #timer: NodeJS.Timeout | null = null;
  #turning: Promise<void> | null = null;
  #stopped = false;
  #trouble: string | null = null;
  #lagMs: DurationMs = 0;
  #turnedAt: DurationMs;
  /** Gaps whose telling has failed so far. */
  #untold: Gap[] = [];

  constructor(deps: SweeperDeps) {
    this.#deps = deps;
    this.#turnedAt = deps.clock.monotonic();
  }

  /** How far past the deadline the last due agent was judged. */
  get lagMs(): DurationMs {
    return this.#lagMs;
  }

  /** Why sweeping does not work now, or null. */
  get trouble(): string | null {
    const stuckMs = this.#deps.clock.monotonic() - this.#turnedAt;
    return this.#trouble ?? (stuckMs > 10 * SECOND ? `the last sweep began ${spellDuration(stuckMs)} ago` : null);
  }

  /** Tells every agent of the time before this start in which nobody watched. Call before beats are accepted. */
  async open(): Promise<void> {
    const gap = await this.#deps.sight.gapAtStart();
    if (gap) await this.#tellGap(gap);
    await this.#deps.sight.note(true);
    this.#deps.sight.look();
  }

  start(): void {
    this.#schedule(everyMs);
  }

  /** One turn now, after the one that may be under way. */
  async turn(): Promise<void> {
    await this.#turning;
    this.#turning ??= this.#turn().finally(() => {
      this.#turning = null;
    });
    await this.#turning;
  }

  async stop(): Promise<void> {
    this.#stopped = true;
    if (this.#timer) clearTimeout(this.#timer);
    await this.#turning;
    await this.#deps.sight.note(true).catch(() => {
      // The next start then takes the time since the last note for unseen: longer than it was, and charged to nobody.
    });
  }

  #schedule(afterMs: DurationMs): void {
    if (this.#stopped) return;
    this.#timer = setTimeout(() => {
      this.#deps.onTurn?.();
      void this.turn().then(() => this.#schedule(this.#trouble === null ? everyMs : afterFailureMs));
    }, afterMs);
  }

  async #turn(): Promise<void> {
    const { clock, sight, supervisors, log } = this.#deps;
    this.#turnedAt = clock.monotonic();
    try {
      this.#look();
      for (let untold = this.#untold[0]; untold; untold = this.#untold[0]) {
        await this.#tellGap(untold);
        this.#untold.shift();
      }
      await supervisors.judge();
      await this.#tickAllDue();
      await sight.note();
      if (this.#trouble !== null) log.info({}, "sweeping again");
      this.#trouble = null;
      this.#deps.onSwept?.();
    } catch (error) {
      // The ledger has said what failed; here only the change is worth a line. Due agents stay due.
      if (this.#trouble === null) log.error({ err: error }, "cannot sweep for due agents; trying again every second");
      this.#trouble = storeAdvice(error);
    }
  }

  /** Long work of the sweeper's own is no blindness: it looks up between batches. */
  #look(): void {
    const gap = this.#deps.sight.look();
    if (!gap) return;
    this.#untold.push(gap);
    this.#deps.supervisors.forgive();
  }

  async #tickAllDue(): Promise<void> {
    const { store, ledger, clock } = this.#deps;
    for (;;) {
      const now = clock.now();
      const due = await store.dueAgents(now, batchSize);
      if (due.length === 0) return;
      const committed = await ledger.commit(
        due.map((name) => tickJob(name, now)),
        { moveDeadlines: true },
      );
      const [first] = committed.outcomes.values();
      this.#lagMs = Math.max(0, now - (first?.before?.nextMissAt ?? now));
      if (due.length < batchSize) return;
      await nextTurn();
      this.#look();
    }
  }

  async #tellGap(gap: Gap): Promise<void> {
    const { ledger, sight, log } = this.#deps;
    const event: AgentEvent = { type: "sight-lost", from: gap.from, at: gap.to };
    const names = [...ledger.census.names()];
    for (let at = 0; at < names.length; at += batchSize) {
      const jobs = names.slice(at, at + batchSize).map((name) => ({ name, events: [event], registerAt: null }));
      await ledger.commit(jobs, { moveDeadlines: true });
      await nextTurn();
      this.#look();
    }
    await sight.record(gap);
    const lengthMs = gap.to - gap.from;
    log.warn({ from: new Date(gap.from).toISOString() }, `saw nothing for ${spellDuration(lengthMs)} (${gap.cause})`);
    if (lengthMs >= tellGapMs && names.length > 0) await ledger.announce(gapAnnouncement(gap, names.length));
  }
}

function tickJob(name: string, at: Ms): AgentJob {
  return { name, events: [{ type: "tick", at }], registerAt: null };
}

const causes: Readonly<Record<Gap["cause"], string>> = {
  down: "The server was not running.",
  asleep: "The machine slept, or its clock was set forward.",
  starved: "The server's process was starved: it got no CPU, or the disk did not answer.",
};

function gapAnnouncement(gap: Gap, agents: number): Parameters<Ledger["announce"]>[0] {
  const length = spellDuration(gap.to - gap.from);
  return {
    thread: `gap_${gap.from}`,
    what: "opened",
    kind: "monitor-gap",
    severity: "warn",
    at: gap.to,
    title: `Midwatch saw nothing for ${length}`,
    text:
      `${causes[gap.cause]} From ${new Date(gap.from).toISOString()} to ${new Date(gap.to).toISOString()} nobody watched ` +
      `${agents === 1 ? "the agent" : `the ${agents} agents`}; this time is charged to none of them and shows as unknown in reports.`,
  };
}
