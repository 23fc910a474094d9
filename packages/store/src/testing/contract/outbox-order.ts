// Random work on an outbox, beside a model of it that is simple enough to be believed: a list, searched from its start.

import assert from "node:assert/strict";
import fc from "fast-check";
import type { DeliveryOutcome, Store } from "../../store.ts";
import { draft, morning } from "../fixture.ts";
import { beside, type Claims } from "./claims.ts";

const leaseMs = 30;

const small = (max: number) => fc.integer({ min: 0, max });
const channelNumber = small(2);
const stepOf = fc.oneof(
  {
    weight: 4,
    arbitrary: fc.record({ do: fc.constant("add"), channel: channelNumber, agent: small(2), later: small(20) }),
  },
  {
    weight: 4,
    arbitrary: fc.record({
      do: fc.constant("claim"),
      limit: fc.integer({ min: 1, max: 5 }),
      without: fc.uniqueArray(channelNumber, { maxLength: 2 }),
      byOther: fc.boolean(),
    }),
  },
  {
    weight: 4,
    arbitrary: fc.record({
      do: fc.constant("finish"),
      which: fc.nat(),
      how: fc.constantFrom("sent", "failed", "retry"),
      wait: small(40),
    }),
  },
  { weight: 2, arbitrary: fc.record({ do: fc.constant("pass"), ms: small(40) }) },
);

type Step = typeof stepOf extends fc.Arbitrary<infer T> ? T : never;
type Look = Parameters<Store["claimOutbox"]>[0];

interface ModelRow {
  readonly key: string;
  readonly channel: string;
  readonly line: string;
  state: "waiting" | "claimed" | "finished";
  nextAt: number;
}

class Model {
  readonly rows: ModelRow[] = [];

  claim({ now, leaseUntil, limit, excludeChannels = [] }: Look): readonly string[] {
    const unfinished = this.rows.filter(({ state }) => state !== "finished");
    const heads = unfinished.filter((row, at) => unfinished.findIndex(({ line }) => line === row.line) === at);
    const due = heads.filter(({ nextAt, channel }) => nextAt <= now && !excludeChannels.includes(channel));
    // A stable sort: of those due since the same time the oldest come first.
    const taken = new Set(due.toSorted((a, b) => a.nextAt - b.nextAt).slice(0, limit));
    for (const row of taken) Object.assign(row, { state: "claimed", nextAt: leaseUntil });
    return this.rows.filter((row) => taken.has(row)).map(({ key }) => key);
  }

  claimed(): readonly ModelRow[] {
    return this.rows.filter(({ state }) => state === "claimed");
  }
}

/** One run: its own channels in a store that has seen other runs, which have left nothing to claim. */
class Run {
  readonly #stores: readonly [Store, Store];
  readonly #name: string;
  readonly #model = new Model();
  readonly #ids = new Map<string, number>();
  #now = morning;

  constructor(stores: readonly [Store, Store], name: string) {
    this.#stores = stores;
    this.#name = name;
  }

  async take(step: Step): Promise<void> {
    switch (step.do) {
      case "add":
        return this.#add(step);
      case "claim":
        return this.#claim(step);
      case "finish":
        return this.#finish(step);
      case "pass":
        this.#now += step.ms;
    }
  }

  /** Whatever happened before, all that is left comes out, in order. */
  async drain(): Promise<void> {
    for (let round = 0; this.#model.rows.some(({ state }) => state !== "finished"); round += 1) {
      assert.ok(round < 1_000, "the outbox comes to an end");
      this.#now += 100;
      await this.#claim({ limit: 5, without: [], byOther: round % 2 === 0 });
      while (this.#model.claimed().length > 0) await this.#finish({ which: 0, how: "sent", wait: 0 });
    }
  }

  /** After a failure, so that the next run begins with an empty outbox all the same. */
  async clear(): Promise<void> {
    const [store] = this.#stores;
    const far = { now: morning * 2, leaseUntil: morning * 2, limit: 100 };
    // Bounded: an engine that is wrong may hand out what is finished, for ever.
    for (let round = 0; round < 20; round += 1) {
      for (const { id } of await store.claimOutbox(far)) {
        await store.finishOutbox(id, { at: morning, tookMs: 1, sent: true });
      }
    }
  }

  async #add({ channel, agent, later }: { channel: number; agent: number; later: number }): Promise<void> {
    const key = `${this.#name}-${this.#model.rows.length}`;
    const made = draft(key, {
      channel: this.#channel(channel),
      agent: agent === 0 ? null : `bot-${agent}`,
      at: this.#now + later,
    });
    await this.#stores[0].addOutbox([made]);
    this.#model.rows.push({
      key,
      channel: made.channel,
      line: `${made.channel} ${agent}`,
      state: "waiting",
      nextAt: made.at,
    });
  }

  async #claim(given: { limit: number; without: readonly number[]; byOther: boolean }): Promise<void> {
    const excludeChannels = given.without.map((channel) => this.#channel(channel));
    const look = { now: this.#now, leaseUntil: this.#now + leaseMs, limit: given.limit, excludeChannels };
    const rows = await this.#stores[given.byOther ? 1 : 0].claimOutbox(look);
    for (const { key, id } of rows) this.#ids.set(key, id);
    assert.deepEqual(
      rows.map(({ key }) => key),
      this.#model.claim(look),
    );
  }

  /** Also a row whose lease has ended meanwhile, as of a worker that was slow. */
  async #finish({ which, how, wait }: { which: number; how: string; wait: number }): Promise<void> {
    const claimed = this.#model.claimed();
    const row = claimed[which % claimed.length];
    if (row === undefined) return;
    const retryAt = how === "retry" ? this.#now + wait : null;
    const tried = { at: this.#now, tookMs: 1 };
    const outcome: DeliveryOutcome =
      how === "sent" ? { ...tried, sent: true } : { ...tried, sent: false, error: "no", retryAt };
    await this.#stores[0].finishOutbox(this.#ids.get(row.key) ?? -1, outcome);
    if (retryAt === null) row.state = "finished";
    else Object.assign(row, { state: "waiting", nextAt: retryAt });
  }

  #channel(number: number): string {
    return `${this.#name}-channel-${number}`;
  }
}

export const outboxOrderClaims: Claims = {
  "whatever is written, claimed, finished and left lying, claims answer as a plain list would": async (
    store,
    place,
  ) => {
    let runs = 0;
    await beside(place, async (other) => {
      const property = fc.asyncProperty(fc.array(stepOf, { maxLength: 50, size: "max" }), async (steps) => {
        runs += 1;
        const run = new Run([store, other], `run-${runs}`);
        try {
          for (const step of steps) await run.take(step);
          await run.drain();
        } catch (error) {
          await run.clear();
          throw error;
        }
      });
      await fc.assert(property, { numRuns: 25 });
    });
  },
};
