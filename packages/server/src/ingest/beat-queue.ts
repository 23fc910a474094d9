// Where beats wait for their transaction. An fsync costs far more than a beat, so all beats that arrive in one turn of
// the event loop share one: the queue is emptied on `setImmediate`, which runs after the turn's input was read. Nobody
// is answered before the beat is durable, and what does not fit is refused at the door instead of being lost inside.

import type { AgentEvent, AgentSettings, AgentState } from "@midwatch/core";
import { ApiError } from "../errors.ts";
import type { AgentJob } from "../ledger/fold-agents.ts";
import type { Committed, Ledger } from "../ledger/ledger.ts";
import type { Log } from "../log.ts";
import { storeCode, storeTrouble } from "../store-trouble.ts";
import { tooManyAgents } from "./refusals.ts";

/** Beats that may wait; beyond it the answer is 503. Two full batches, or a second of the fastest ingest measured. */
const maxWaiting = 20_000;
/** Beats in one transaction: bounds how long the loop is kept from everything else. */
const maxTogether = 2_000;

export type BeatEvent = Extract<AgentEvent, { type: "beat" }>;

export type BeatResult =
  | { readonly ok: true; readonly agentId: number; readonly state: AgentState; readonly settings: AgentSettings }
  | { readonly ok: false; readonly error: ApiError };

export interface WaitingBeat {
  readonly event: BeatEvent;
  /** Called once, after the beat is durable or refused. */
  settle(result: BeatResult): void;
}

export class BeatQueue {
  readonly #ledger: Ledger;
  readonly #log: Pick<Log, "error">;
  readonly #strict: boolean;
  #waiting: WaitingBeat[] = [];
  #underWay = 0;
  #scheduled = false;
  #idle: (() => void)[] = [];

  constructor(given: { readonly ledger: Ledger; readonly log: Pick<Log, "error">; readonly strict: boolean }) {
    this.#ledger = given.ledger;
    this.#log = given.log;
    this.#strict = given.strict;
  }

  /** Beats that wait for their transaction or are in it. */
  get depth(): number {
    return this.#waiting.length + this.#underWay;
  }

  /** Takes all of the beats or none; false when there is no room. */
  offer(beats: readonly WaitingBeat[]): boolean {
    if (this.depth + beats.length > maxWaiting) return false;
    for (const beat of beats) this.#waiting.push(beat);
    this.#schedule();
    return true;
  }

  /** Resolves when nothing waits any more. */
  async drained(): Promise<void> {
    if (this.#waiting.length === 0 && !this.#scheduled) return;
    await new Promise<void>((resolve) => this.#idle.push(resolve));
  }

  #schedule(): void {
    if (this.#scheduled) return;
    this.#scheduled = true;
    setImmediate(() => void this.#flush());
  }

  async #flush(): Promise<void> {
    const beats = this.#takeSome();
    this.#underWay = beats.length;
    await this.#commit(beats);
    this.#underWay = 0;
    this.#scheduled = false;
    if (this.#waiting.length > 0) {
      this.#schedule();
      return;
    }
    for (const resolve of this.#idle.splice(0)) resolve();
  }

  /**
   * The beats of the next transaction. When more wait than fit, it takes whole agents, in the order in which they came:
   * a spool's batch tells of the same agents over and over, and an agent is written once a transaction, however many of its beats
   * are in it.
   */
  #takeSome(): readonly WaitingBeat[] {
    const waiting = this.#waiting;
    this.#waiting = [];
    if (waiting.length <= maxTogether) return waiting;
    const perAgent = new Map<string, number>();
    for (const { event } of waiting) perAgent.set(event.beat.agent, (perAgent.get(event.beat.agent) ?? 0) + 1);
    // How many beats of each agent go along; the last one's may be cut short.
    const places = new Map<string, number>();
    let left = maxTogether;
    for (const [agent, count] of perAgent) {
      places.set(agent, Math.min(count, left));
      left -= count;
      if (left <= 0) break;
    }
    const taken: WaitingBeat[] = [];
    for (const beat of waiting) {
      const place = places.get(beat.event.beat.agent) ?? 0;
      if (place === 0) {
        this.#waiting.push(beat);
        continue;
      }
      places.set(beat.event.beat.agent, place - 1);
      taken.push(beat);
    }
    return taken;
  }

  async #commit(beats: readonly WaitingBeat[]): Promise<void> {
    const byAgent = Map.groupBy(beats, ({ event }) => event.beat.agent);
    let committed: Committed;
    try {
      committed = await this.#ledger.commit(Array.from(byAgent, ([name, ofAgent]) => this.#jobOf(name, ofAgent)));
    } catch (error) {
      // A bug that one agent's beats meet must not take along the beats of all others, so they are tried one by one.
      if (storeCode(error) === null && byAgent.size > 1) {
        for (const ofAgent of byAgent.values()) await this.#commit(ofAgent);
        return;
      }
      const refusal = storeCode(error) === null ? this.#bug(error) : storeTrouble(error);
      for (const beat of beats) beat.settle({ ok: false, error: refusal });
      return;
    }
    for (const [name, ofAgent] of byAgent) this.#settle(name, ofAgent, committed);
  }

  #jobOf(name: string, beats: readonly WaitingBeat[]): AgentJob {
    return { name, events: beats.map(({ event }) => event), registerAt: this.#registerAt(name, beats) };
  }

  #settle(name: string, beats: readonly WaitingBeat[], { outcomes, written }: Committed): void {
    const outcome = outcomes.get(name);
    const agentId = written.agentIds.get(name);
    for (const [index, beat] of beats.entries()) {
      const state = outcome?.events[index]?.state;
      if (!outcome || !state || agentId === undefined) beat.settle({ ok: false, error: this.#refusal(name) });
      else beat.settle({ ok: true, agentId, state, settings: outcome.settings });
    }
    const last = beats.at(-1)?.event;
    if (outcome && last) this.#ledger.census.noteDirectBeat(name, last.at, last.beat.runId);
  }

  #bug(error: unknown): ApiError {
    this.#log.error({ err: error }, "a beat could not be judged; this is a bug in Midwatch");
    return new ApiError(500, "internal", "something went wrong here; the server's log has the details");
  }

  #registerAt(name: string, beats: readonly WaitingBeat[]): number | null {
    if (this.#strict || !this.#ledger.census.hasRoomFor(name)) return null;
    return beats[0]?.event.at ?? null;
  }

  #refusal(agent: string): ApiError {
    if (!this.#strict) return tooManyAgents(agent);
    const message = `no agent is called ${agent}, and this server is strict: add it to the configuration, or set \`strict: false\` to let agents register with their first beat`;
    return new ApiError(404, "unknown_agent", message);
  }
}
