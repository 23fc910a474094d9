// A real store and a real ledger under a clock that the test moves: days of beats in milliseconds, for tests of what is
// reported about them.

import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { defaultSettings, MINUTE, type AgentEvent, type Beat, type DurationMs, type Ms } from "@midwatch/core";
import { parseBeat, type ReportView } from "@midwatch/protocol";
import { openSqliteStore, type Store } from "@midwatch/store";
import { Ledger } from "../../ledger/ledger.ts";
import { settingsMerger } from "../../settings.ts";
import { gapFactPrefix } from "../../sweeper/sight.ts";
import { createReporter, type MadeReport, type Reporter, type ReportQuery } from "../index.ts";
import { createReportSchedule, type ReportPlan, type ReportSchedule } from "../schedule.ts";

/** What agents of these tests promise; also how often they beat. */
export const interval: DurationMs = 5 * MINUTE;

export class WatchInTest implements AsyncDisposable {
  now: Ms;
  readonly store: Store;
  readonly ledger: Ledger;
  readonly reporter: Reporter;
  readonly log: string[] = [];
  readonly #folder: string;
  readonly #timeZone: string;
  #seq = 0;

  private constructor(given: { folder: string; store: Store; timeZone: string; now: Ms }) {
    this.#folder = given.folder;
    this.#timeZone = given.timeZone;
    this.store = given.store;
    this.now = given.now;
    const settingsOf = settingsMerger(defaultSettings);
    const clock = { now: () => this.now, monotonic: () => this.now };
    this.ledger = new Ledger({ store: this.store, clock, settingsOf, wakeDesk: () => undefined });
    this.reporter = createReporter({ store: this.store, clock, settingsOf, timeZone: given.timeZone });
  }

  static async open(timeZone: string, now: Ms): Promise<WatchInTest> {
    const folder = mkdtempSync(join(tmpdir(), "midwatch-report-"));
    const store = await openSqliteStore({ file: join(folder, "midwatch.db") });
    const watch = new WatchInTest({ folder, store, timeZone, now });
    await watch.ledger.load();
    return watch;
  }

  /** One beat every five minutes, from `from` until before `to`. */
  async beats(agent: string, from: Ms, to: Ms, more: Readonly<Record<string, unknown>> = {}): Promise<void> {
    const events: AgentEvent[] = [];
    for (let at = from; at < to; at += interval) events.push(this.#beat(agent, at, more));
    this.now = Math.max(this.now, events.at(-1)?.at ?? from);
    await this.ledger.commit([{ name: agent, events, registerAt: from }]);
  }

  async apply(agent: string, ...events: AgentEvent[]): Promise<void> {
    for (const event of events) this.now = Math.max(this.now, event.at);
    await this.ledger.commit([{ name: agent, events, registerAt: null }], { moveDeadlines: true });
  }

  /** Judges the agent at each of its missed beats up to `until`, as the sweeper would. */
  async silence(agent: string, until: Ms): Promise<void> {
    for (let at = this.now + interval; at <= until; at += interval) {
      await this.apply(agent, { type: "tick", at: at + MINUTE });
    }
    this.now = until;
  }

  async blind(from: Ms, to: Ms, ...agents: readonly string[]): Promise<void> {
    for (const agent of agents) await this.apply(agent, { type: "sight-lost", from, at: to });
    await this.store.putFact(`${gapFactPrefix}${from}`, JSON.stringify({ from, to, cause: "down" }));
  }

  /** `store` may be one that fails where the test wants it to. */
  schedule(
    at: string,
    to: readonly string[],
    more: { store?: Store; publicUrl?: string } & Partial<ReportPlan> = {},
  ): ReportSchedule {
    const note = (_facts: object, text: string): void => {
      this.log.push(text);
    };
    return createReportSchedule({
      store: this.store,
      reporter: this.reporter,
      clock: { now: () => this.now },
      log: { info: note, error: note },
      timeZone: this.#timeZone,
      at,
      to,
      publicUrl: null,
      wakeDelivery: () => undefined,
      ...more,
    });
  }

  /** Keys of all that is in the outbox, oldest first. */
  async sent(): Promise<readonly string[]> {
    const { items } = await this.store.outbox({ limit: 100, cursor: null });
    return items.map(({ key }) => key).reverse();
  }

  async made(date: string | null, more: Partial<ReportQuery> = {}): Promise<MadeReport> {
    return this.reporter.make({ period: "day", date, timeZone: null, agent: null, ...more });
  }

  async view(date: string | null, more: Partial<ReportQuery> = {}): Promise<ReportView> {
    return this.reporter.view(await this.made(date, more));
  }

  async text(date: string | null, more: Partial<ReportQuery> = {}): Promise<string> {
    return this.reporter.text(await this.view(date, more));
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.store.close();
    rmSync(this.#folder, { recursive: true });
  }

  #beat(agent: string, at: Ms, more: Readonly<Record<string, unknown>>): AgentEvent {
    this.#seq += 1;
    const said = { agent, status: "ok", interval_s: interval / 1_000, run_id: "run-1", seq: this.#seq, ...more };
    const parsed = parseBeat(said);
    if (!parsed.ok) throw new Error(JSON.stringify(parsed.errors));
    const beat: Beat = parsed.beat;
    const identity = { by: "none" } as const;
    return {
      type: "beat",
      at,
      beat,
      identity,
      via: "direct",
      costUsdMicros: beat.costUsdMicros,
      usageCosts: beat.usage.map((row) => row.costUsdMicros),
      spooled: false,
    };
  }
}
