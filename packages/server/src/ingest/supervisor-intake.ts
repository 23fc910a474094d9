// What a supervisor delivers: facts it saw and beats it relayed, in the order of its spool. Everything up to the highest
// durable number is skipped, so a batch may come any number of times. Times are the supervisor's, put right by the
// difference between its clock and ours when it sent the batch.

import { setImmediate as nextTurn } from "node:timers/promises";
import { answerFor, SECOND, type AgentEvent, type AgentState, type DurationMs, type Ms } from "@midwatch/core";
import {
  beatIdentity,
  bodyDigest,
  errorBody,
  type BatchAnswer,
  type BeatAnswer,
  type ErrorBody,
  type SpooledItem,
  type SupervisedAgentView,
  type SupervisorBatch,
} from "@midwatch/protocol";
import type { EvidenceDraft, Store } from "@midwatch/store";
import type { Clock } from "../clock.ts";
import { ApiError } from "../errors.ts";
import type { AgentJob } from "../ledger/fold-agents.ts";
import type { Committed, Ledger } from "../ledger/ledger.ts";
import type { Log } from "../log.ts";
import type { PriceOf } from "../pricing/pricing.ts";
import { withOverrides, type SettingsOf } from "../settings.ts";
import { storeCode } from "../store-trouble.ts";
import type { Supervisors } from "../sweeper/supervisors.ts";
import { beatAnswer } from "./beat-answer.ts";
import { invalidFields, tooManyAgents } from "./refusals.ts";
import { eventOfFact, evidenceOfFact, patchOfSupervised } from "./supervisor-facts.ts";

/** Items in one transaction: bounds how long beats of others wait. */
const maxTogether = 2_000;
/** What is older than this when it arrives comes from a spool. */
const spooledMs = 5 * SECOND;
/** Supervisors whose declarations are remembered; beyond it agents are told again what they know. */
const maxDeclared = 1_000;
/** While a spool is being delivered, its agents are not judged before the next batch had time to come. */
const betweenBatchesMs = 15 * SECOND;

export interface IntakeDeps {
  readonly store: Store;
  readonly ledger: Ledger;
  readonly clock: Clock;
  readonly log: Pick<Log, "error">;
  readonly priceOf: PriceOf;
  readonly settingsOf: SettingsOf;
  readonly supervisors: Supervisors;
}

interface Delivery {
  readonly supervisor: string;
  readonly host: string;
  readonly spool: string;
  readonly aheadMs: number;
  readonly agents: SupervisorBatch["agents"];
}

type Answer = BeatAnswer | ErrorBody;

function leaseLeft({ lease }: AgentState, now: Ms): DurationMs | null {
  return lease !== null && lease.until > now ? Math.round(lease.until - now) : null;
}

export class SupervisorIntake {
  readonly #deps: IntakeDeps;
  /** What each supervisor last declared: agents are told of it only when it has changed. */
  readonly #declared = new Map<string, { readonly text: string; readonly names: ReadonlySet<string> }>();
  /** One batch of a supervisor after the other. */
  readonly #last = new Map<string, Promise<unknown>>();

  constructor(deps: IntakeDeps) {
    this.#deps = deps;
  }

  /** Stores what is new in a batch; resolves when it is durable. Rejects with `StoreError` when it is not. */
  async receive(supervisor: string, batch: SupervisorBatch): Promise<BatchAnswer> {
    const before = this.#last.get(supervisor) ?? Promise.resolve();
    const receiving = before.then(() => this.#receive(supervisor, batch));
    const settled = receiving.catch(() => undefined);
    this.#last.set(supervisor, settled);
    try {
      return await receiving;
    } finally {
      if (this.#last.get(supervisor) === settled) this.#last.delete(supervisor);
    }
  }

  /** False when the supervisor has told this server which agents it keeps, and this one is not among them. */
  mayKeep(supervisor: string, agent: string): boolean {
    return this.#declared.get(supervisor)?.names.has(agent) ?? true;
  }

  /** What the server knows of the supervisor's agents that it may not. */
  async agentsOf(supervisor: string): Promise<SupervisedAgentView[]> {
    const { ledger, store, settingsOf, clock } = this.#deps;
    const views: SupervisedAgentView[] = [];
    for (const name of [...ledger.census.agentsOf(supervisor)].toSorted()) {
      const row = await store.agent(name);
      if (!row) continue;
      const { directive, reason, warning } = answerFor(row.state, settingsOf(row.overrides));
      const known = ledger.census.get(name);
      views.push({
        name,
        directive,
        reason,
        warning,
        direct_beat_at: known?.directBeatAt ?? null,
        direct_run_id: known?.directRunId ?? null,
        direct_status: row.state.lastStatus,
        direct_lease_ms: leaseLeft(row.state, clock.now()),
        direct_interval_ms: row.state.intervalSource === "declared" ? row.state.intervalMs : null,
      });
    }
    return views;
  }

  async #receive(supervisor: string, batch: SupervisorBatch): Promise<BatchAnswer> {
    const { store, clock, supervisors } = this.#deps;
    const { host, spool, agents } = batch;
    const delivery: Delivery = { supervisor, host, spool, agents, aheadMs: clock.now() - batch.sentAt };
    const wasLost = supervisors.heard(supervisor);
    await this.#declare(delivery, wasLost);
    const durable = await store.spoolUpto(supervisor, spool);
    const fresh = batch.items.filter((item) => item.n > durable);
    const answers = new Map<number, Answer>();
    for (let at = 0; at < fresh.length; at += maxTogether) {
      if (at > 0) await nextTurn();
      await this.#store(fresh.slice(at, at + maxTogether), delivery, answers);
    }
    const beats: Answer[] = [];
    for (const item of batch.items) {
      if (item.is === "fact") continue;
      beats.push(answers.get(item.n) ?? (await this.#answerAgain(item)));
    }
    return { upto: Math.max(durable, fresh.at(-1)?.n ?? 0), beats, agents: await this.agentsOf(supervisor) };
  }

  /** Tells agents who keeps them and with which settings. */
  async #declare({ supervisor, host, agents }: Delivery, wasLost: boolean): Promise<void> {
    const { ledger, clock } = this.#deps;
    const text = JSON.stringify([host, agents]);
    if (!wasLost && this.#declared.get(supervisor)?.text === text) return;
    const at = clock.now();
    const jobs = agents.map(({ name, settings }): AgentJob => {
      const patch = patchOfSupervised(settings);
      return {
        name,
        events: [
          { type: "supervisor-seen", at, supervisor, host },
          { type: "settings-changed", at },
        ],
        registerAt: ledger.census.hasRoomFor(name) ? at : null,
        change: (overrides) =>
          JSON.stringify(overrides.supervisor) === JSON.stringify(patch)
            ? overrides
            : withOverrides(overrides, { supervisor: patch }),
      };
    });
    for (let from = 0; from < jobs.length; from += maxTogether) {
      await ledger.commit(jobs.slice(from, from + maxTogether));
      await nextTurn();
    }
    if (this.#declared.size >= maxDeclared) this.#declared.clear();
    this.#declared.set(supervisor, { text, names: new Set(agents.map(({ name }) => name)) });
  }

  async #store(items: readonly SpooledItem[], delivery: Delivery, answers: Map<number, Answer>): Promise<void> {
    const { ledger, log, clock } = this.#deps;
    const upto = items.at(-1)?.n ?? 0;
    const spool = { supervisor: delivery.supervisor, spool: delivery.spool, upto, at: clock.now() };
    const byAgent = this.#eventsOf(items, delivery, answers);
    try {
      const committed = await ledger.commit(this.#jobsOf(byAgent), { spool });
      noteAnswers(byAgent, committed, answers);
    } catch (error) {
      if (storeCode(error) !== null) throw error;
      // A bug that one item meets must not stop the spool for ever: the others are stored, and it is left out.
      if (items.length > 1) {
        for (const item of items) await this.#store([item], delivery, answers);
        return;
      }
      log.error(
        { err: error, supervisor: spool.supervisor, n: upto },
        "an item of a spool could not be judged; this is a bug in Midwatch",
      );
      answers.set(upto, errorBody(new ApiError(500, "internal", "something went wrong here")));
      await ledger.commit([], { spool });
    }
  }

  #eventsOf(items: readonly SpooledItem[], delivery: Delivery, answers: Map<number, Answer>): Map<string, Numbered[]> {
    const byAgent = new Map<string, Numbered[]>();
    for (const item of items) {
      const found = this.#eventOf(item, delivery);
      if ("refused" in found) {
        answers.set(item.n, errorBody(found.refused));
        continue;
      }
      const known = byAgent.get(found.agent);
      if (known) known.push(found);
      else byAgent.set(found.agent, [found]);
    }
    return byAgent;
  }

  #eventOf(item: SpooledItem, { aheadMs, supervisor, spool }: Delivery): Numbered | { readonly refused: ApiError } {
    const now = this.#deps.clock.now();
    const here = (at: number): Ms => Math.round(at + aheadMs);
    switch (item.is) {
      case "refused":
        return { refused: invalidFields(item.errors) };
      case "fact": {
        const { n, fact } = item;
        const event = eventOfFact(fact, here, now);
        if (fact.type !== "evidence") return { n, agent: fact.agent, event };
        const key = `${supervisor}/${spool}/${n}`;
        return { n, agent: fact.agent, event, evidence: evidenceOfFact(fact, { key, at: event.at }) };
      }
      case "beat": {
        if (!item.parsed.ok) return { refused: invalidFields(item.parsed.errors) };
        const { beat } = item.parsed;
        const at = Math.min(now, here(item.receivedAt));
        const event: AgentEvent = {
          type: "beat",
          at,
          beat,
          identity: beatIdentity(beat, () => bodyDigest(item.body)),
          via: "supervisor",
          ...this.#deps.priceOf(beat, at),
          spooled: now - at > spooledMs,
        };
        return { n: item.n, agent: beat.agent, event };
      }
    }
  }

  #jobsOf(byAgent: ReadonlyMap<string, readonly Numbered[]>): AgentJob[] {
    const now = this.#deps.clock.now();
    return Array.from(byAgent, ([name, numbered]) => {
      const events = numbered.map(({ event }) => event);
      const evidence = numbered.flatMap((one) => one.evidence ?? []);
      const lastAt = Math.max(...events.map((event) => event.at));
      const replayed = now - lastAt > spooledMs;
      return {
        name,
        events,
        evidence,
        registerAt: this.#deps.ledger.census.hasRoomFor(name) ? (events[0]?.at ?? now) : null,
        ...(replayed ? { replayUntil: now + betweenBatchesMs } : {}),
      };
    });
  }

  /** A beat that was durable before: it is answered as the agent stands now. */
  async #answerAgain(item: Exclude<SpooledItem, { is: "fact" }>): Promise<Answer> {
    if (item.is === "refused") return errorBody(invalidFields(item.errors));
    if (!item.parsed.ok) return errorBody(invalidFields(item.parsed.errors));
    const row = await this.#deps.store.agent(item.parsed.beat.agent);
    if (!row) return errorBody(new ApiError(404, "unknown_agent", "this agent is not known here"));
    const settings = this.#deps.settingsOf(row.overrides);
    return beatAnswer({ ok: true, agentId: row.id, state: row.state, settings });
  }
}

interface Numbered {
  readonly n: number;
  readonly agent: string;
  readonly event: AgentEvent;
  readonly evidence?: EvidenceDraft;
}

function noteAnswers(
  byAgent: ReadonlyMap<string, readonly Numbered[]>,
  { outcomes, written }: Committed,
  answers: Map<number, Answer>,
): void {
  for (const [name, numbered] of byAgent) {
    const outcome = outcomes.get(name);
    if (!outcome) {
      for (const { n } of numbered) answers.set(n, errorBody(tooManyAgents(name)));
      continue;
    }
    const agentId = written.agentIds.get(name) ?? 0;
    for (const [index, { n, event }] of numbered.entries()) {
      const state = outcome.events[index]?.state;
      if (event.type !== "beat" || !state) continue;
      answers.set(n, beatAnswer({ ok: true, agentId, state, settings: outcome.settings }));
    }
  }
}
