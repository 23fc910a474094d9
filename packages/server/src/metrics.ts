// What Midwatch says of itself to Prometheus. Counters are fed by the ledger, once per commit; everything that is a state
// of now is read when somebody asks. No label names an agent, a host or anything else that comes from outside: the number of
// series is fixed, whatever agents do.

import { INCIDENT_KINDS, type DurationMs, type IncidentKind, type LivenessState } from "@midwatch/core";
import type { Store } from "@midwatch/store";
import { Counter, Gauge, Histogram, Registry } from "prom-client";
import type { Clock } from "./clock.ts";
import type { Census } from "./ledger/census.ts";
import type { Committed, LedgerListener } from "./ledger/ledger.ts";

export interface Metrics {
  /** Of `text()`, for the answer's header. */
  readonly contentType: string;
  /** The exposition text. Reads the store once; when that fails, what belongs to the outbox is left out. */
  text(): Promise<string>;
  /** A beat, or a whole request of beats, was answered with an error. `code` is the API's error code. */
  refused(code: string, beats?: number): void;
}

export interface MetricsSources {
  readonly ledger: { listen(listener: LedgerListener): void; readonly census: Census };
  readonly store: Pick<Store, "outboxLag" | "noticeLag">;
  /** Names of all channels. */
  readonly channels: readonly string[];
  readonly clock: Clock;
  /** Beats that wait for their transaction. */
  readonly queueDepth: () => number;
  /** How far past its deadline the last due agent was judged. */
  readonly sweeperLagMs: () => DurationMs;
  readonly version: string;
}

const states: readonly LivenessState[] = ["new", "up", "late", "down", "stopping", "stopped", "paused", "unknown"];

/** Codes that get a series of their own; any other counts as "other". */
const refusalCodes: ReadonlySet<string> = new Set([
  "invalid_json",
  "invalid_utf8",
  "too_deep",
  "duplicate_key",
  "number_too_large",
  "invalid_field",
  "key_required",
  "wrong_key",
  "wrong_scope",
  "wrong_agent",
  "too_many_tries",
  "unknown_agent",
  "too_large",
  "too_many_agents",
  "overloaded",
  "unavailable",
  "internal",
]);

/** Builds the registry and listens to the ledger. Each server has its own, so that two in one process do not add up. */
export function createMetrics(sources: MetricsSources): Metrics {
  const registry = new Registry();
  const refused = new Counter({
    name: "midwatch_beats_refused_total",
    help: "Beats, or whole requests of beats, answered with an error, by its code",
    labelNames: ["code"],
    registers: [registry],
  });
  sources.ledger.listen(commitListener(registry));
  addFleetGauges(registry, sources);
  const readOutbox = addOutboxGauges(registry, sources);
  addProcessGauges(registry, sources);
  return {
    contentType: registry.contentType,
    text: async () => {
      await readOutbox();
      return registry.metrics();
    },
    refused: (code, beats = 1) => refused.inc({ code: refusalCodes.has(code) ? code : "other" }, beats),
  };
}

function commitListener(registry: Registry): LedgerListener {
  const registers = [registry];
  const counter = (name: string, help: string) => new Counter({ name, help, registers });
  const beats = counter("midwatch_beats_total", "Beats that are durable, repeated ones left out");
  const repeated = counter(
    "midwatch_beats_repeated_total",
    "Beats that were the same as an earlier one and counted once",
  );
  const tokens = counter("midwatch_tokens_total", "Tokens that agents have reported");
  const costUsd = counter("midwatch_cost_usd_total", "Cost of those tokens that have a price, in US dollars");
  const unpriced = counter("midwatch_beats_unpriced_total", "Beats that used tokens and have no price");
  const failures = counter("midwatch_commits_failed_total", "Transactions that the store refused");
  const duration = new Histogram({
    name: "midwatch_commit_seconds",
    help: "From the first of a transaction's beats being taken up to all of them being durable",
    buckets: [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 5],
    registers,
  });
  return {
    committed: ({ outcomes }: Committed, tookMs) => {
      let [kept, same, used, micros, withoutPrice] = [0, 0, 0, 0, 0];
      for (const outcome of outcomes.values()) {
        for (const { beat } of outcome.events) if (beat?.place === "duplicate") same += 1;
        for (const beat of outcome.beats) {
          kept += 1;
          used += beat.tokens;
          if (beat.costUsdMicros !== null) micros += beat.costUsdMicros;
          else if (beat.tokens > 0) withoutPrice += 1;
        }
      }
      beats.inc(kept);
      repeated.inc(same);
      tokens.inc(used);
      costUsd.inc(micros / 1e6);
      unpriced.inc(withoutPrice);
      duration.observe(tookMs / 1_000);
    },
    failed: () => failures.inc(),
  };
}

function addFleetGauges(registry: Registry, { ledger, queueDepth, sweeperLagMs }: MetricsSources): void {
  const registers = [registry];
  const { census } = ledger;
  new Gauge({
    name: "midwatch_agents",
    help: "Agents by state",
    labelNames: ["state"],
    registers,
    collect() {
      for (const state of states) this.set({ state }, census.countOf(state));
    },
  });
  new Gauge({
    name: "midwatch_incidents_open",
    help: "Open incidents by kind",
    labelNames: ["kind"],
    registers,
    collect() {
      const open = openByKind(census);
      for (const kind of INCIDENT_KINDS) this.set({ kind }, open.get(kind) ?? 0);
    },
  });
  gauge(registry, "midwatch_beats_waiting", "Beats that wait for their transaction", queueDepth);
  gauge(
    registry,
    "midwatch_sweeper_lag_seconds",
    "How far past its deadline the last due agent was judged",
    () => sweeperLagMs() / 1_000,
  );
}

function openByKind(census: Census): ReadonlyMap<IncidentKind, number> {
  const open = new Map<IncidentKind, number>();
  for (const name of census.names()) {
    for (const kind of census.get(name)?.incidents.keys() ?? []) open.set(kind, (open.get(kind) ?? 0) + 1);
  }
  return open;
}

/** Returns what brings the gauges up to date. They belong together, so they are read at once, before the text is made. */
function addOutboxGauges(registry: Registry, { store, clock, channels }: MetricsSources): () => Promise<void> {
  const byChannel = [
    ["midwatch_outbox_waiting", "Notifications that are not delivered yet"],
    ["midwatch_outbox_oldest_seconds", "Age of the oldest notification that is not delivered"],
    ["midwatch_outbox_failed", "Notifications that were given up and are still kept"],
  ].map(([name = "", help = ""]) => new Gauge({ name, help, labelNames: ["channel"], registers: [registry] }));
  const notices = [
    ["midwatch_notices_waiting", "Decisions whose notifications are not routed yet"],
    ["midwatch_notices_oldest_seconds", "Age of the oldest decision that is not routed"],
  ].map(([name = "", help = ""]) => new Gauge({ name, help, registers: [registry] }));
  return async () => {
    for (const one of byChannel) one.reset();
    try {
      const lag = await store.outboxLag(clock.now());
      // One that nobody uses any more is shown for as long as something waits for it.
      for (const channel of new Set([...channels, ...lag.keys()])) {
        const { waiting = 0, oldestMs = 0, failed = 0 } = lag.get(channel) ?? {};
        for (const [index, value] of [waiting, oldestMs / 1_000, failed].entries())
          byChannel[index]?.set({ channel }, value);
      }
      const { waiting, oldestMs } = await store.noticeLag(clock.now());
      for (const [index, value] of [waiting, oldestMs / 1_000].entries()) notices[index]?.set(value);
    } catch {
      // The store is in trouble, as the failed commits say. No figure is better than an old one, and the rest still counts.
      for (const one of notices) one.remove();
    }
  };
}

function addProcessGauges(registry: Registry, { version }: MetricsSources): void {
  const info = new Gauge({
    name: "midwatch_info",
    help: "Always 1; its label says which version runs",
    labelNames: ["version"],
    registers: [registry],
  });
  info.set({ version }, 1);
  gauge(registry, "process_resident_memory_bytes", "Resident memory of the server's process", () =>
    process.memoryUsage.rss(),
  );
  gauge(
    registry,
    "process_start_time_seconds",
    "Start of the process, seconds since the epoch",
    () => performance.timeOrigin / 1_000,
  );
}

function gauge(registry: Registry, name: string, help: string, read: () => number): void {
  new Gauge({
    name,
    help,
    registers: [registry],
    collect() {
      this.set(read());
    },
  });
}
