// Everything of the server but its socket: what watches, decides, remembers and tells. Built once, in one place, so that
// nothing else constructs anything; a test can take it without HTTP.

import { SECOND, type AgentSettings, type AlertRules, type DurationMs } from "@midwatch/core";
import type { Store } from "@midwatch/store";
import type { Channel } from "./channels/channel.ts";
import { steadyClock, systemClock, type Clock } from "./clock.ts";
import { createCommandExpiry, type CommandExpiry } from "./command-expiry.ts";
import { CommandBell } from "./http/command-bell.ts";
import { createBeatEndpoint, type BeatEndpoint } from "./ingest/beat-endpoint.ts";
import { alertRules } from "./alerts/alert-rules.ts";
import { alertDefaults } from "./alerts/alert-settings.ts";
import { createDesk, type Desk } from "./alerts/desk.ts";
import { Silences } from "./alerts/silences.ts";
import { BeatQueue } from "./ingest/beat-queue.ts";
import { SupervisorIntake } from "./ingest/supervisor-intake.ts";
import type { KeyCheck } from "./keys/authenticate.ts";
import { FailedTries } from "./keys/failed-tries.ts";
import { KeyRing } from "./keys/key-ring.ts";
import { Sessions } from "./keys/sessions.ts";
import { Ledger, type LedgerListener } from "./ledger/ledger.ts";
import { createLinks } from "./links/alert-links.ts";
import type { AgentPlace } from "./links/offered-actions.ts";
import { linkKey } from "./links/link-key.ts";
import { LiveHub } from "./live/live-hub.ts";
import { createMetering, loadWithLedger, type Metering } from "./metering/metering.ts";
import { noSharedLimits, SharedBudgets } from "./metering/shared-budgets.ts";
import { createMetrics, type Metrics } from "./metrics.ts";
import { checkOptions, openChannels, type ServerOptions } from "./options.ts";
import { readChannelHealth, type ChannelHealth } from "./outbox/channel-health.ts";
import { createDelivery, type Delivery } from "./outbox/delivery.ts";
import { createPricing, type PriceOf, type Pricing } from "./pricing/pricing.ts";
import { createReporter, type Reporter } from "./report/index.ts";
import { createReportSchedule } from "./report/schedule.ts";
import { createRetention } from "./retention.ts";
import { settingsMerger, type SettingsOf } from "./settings.ts";
import { storeAdvice } from "./store-trouble.ts";
import { Sight } from "./sweeper/sight.ts";
import { Supervisors } from "./sweeper/supervisors.ts";
import { Sweeper } from "./sweeper/sweeper.ts";
import { createOutgoingHeartbeat, type OutgoingHeartbeat } from "./watcher/outgoing-heartbeat.ts";
import { zoneCalendar } from "./views/zone-calendar.ts";
import { createPresenter, type AgentPresenter } from "./views/agent-presenter.ts";

/** Twice as long as the sweeper takes to find out that the store cannot be written. */
const troubleLastsMs: DurationMs = 10 * SECOND;

export interface Watch extends Metering {
  readonly store: Store;
  readonly clock: Clock;
  readonly defaults: AgentSettings;
  readonly settingsOf: SettingsOf;
  readonly ledger: Ledger;
  readonly queue: BeatQueue;
  readonly beats: BeatEndpoint;
  readonly intake: SupervisorIntake;
  readonly sweeper: Sweeper;
  readonly supervisors: Supervisors;
  readonly bell: CommandBell;
  readonly commandExpiry: CommandExpiry;
  readonly presenter: AgentPresenter;
  readonly hub: LiveHub;
  readonly desk: Desk;
  readonly silences: Silences;
  readonly delivery: Delivery;
  readonly channels: ReadonlyMap<string, Channel>;
  /** The type of a channel, as it stands in the settings. */
  readonly channelTypeOf: (name: string) => string;
  readonly channelHealth: (name: string) => Promise<ChannelHealth>;
  readonly check: KeyCheck;
  readonly sessions: Sessions;
  /** What links in messages are signed with; null when this server sends none and takes none. */
  readonly linkKey: Buffer | null;
  readonly pricing: Pricing;
  readonly metrics: Metrics;
  readonly reporter: Reporter;
  /** Why the server cannot do its work now, in words, or null. */
  readonly trouble: () => string | null;
  /** Begins to look for what is due and to deliver. */
  start(): void;
  /** Takes no more beats, ends those that wait, and then everything else. Nothing acknowledged is lost. */
  stop(): Promise<void>;
}

/** Opens the watch: reads what has to be remembered, and tells agents of the time in which nobody watched. */
export async function openWatch(options: ServerOptions): Promise<Watch> {
  const { store, log, timeZone, version, strict } = options;
  const clock = steadyClock(options.clock ?? systemClock);
  await checkOptions(options);
  const channels = openChannels(options, clock.now);
  const delivery = createDelivery({ store, channels, now: clock.now, random: Math.random, log });
  const calendar = zoneCalendar(timeZone);
  const settingsOf = settingsMerger({ ...options.defaults, calendar });
  const shared = new SharedBudgets({ store, clock, calendar, limits: options.budgets ?? noSharedLimits });
  // The desk looks into the census that the ledger keeps, so it is made after it.
  const ledger = new Ledger({ store, clock, settingsOf, wakeDesk: () => desk.wake(), spend: shared.spend });
  const silences = new Silences(store, clock);
  const rules = rulesOf(options, { census: ledger.census, silences, channels });
  const signed = await signedLinks(options);
  const links = createLinks(signed, (agent) => placeOf(agent, ledger.census, intake));
  const desk = createDesk({ store, rules, links, now: clock.now, log, wakeDelivery: delivery.wake });
  const presenter = createPresenter({ census: ledger.census, settingsOf, clock, timeZone });
  const queue = new BeatQueue({ ledger, log, strict });
  const supervisors = new Supervisors(ledger, clock);
  const sight = new Sight(store, clock);
  const heartbeat = heartbeatOf(options, { clock, agents: () => ledger.census.size });
  const { onTurn = null } = options;
  const onSwept = heartbeat && ((): void => heartbeat.turned());
  const sweeper = new Sweeper({ store, ledger, clock, sight, supervisors, log, onTurn, onSwept });
  const check: KeyCheck = { keys: new KeyRing(store, clock), tries: new FailedTries(clock) };
  const sessions = new Sessions(store, clock);
  const pricing = createPricing({ own: options.prices ?? [] });
  const priceOf: PriceOf = pricing.priceBeat;
  const hub = new LiveHub({ clock, presenter, version });
  const bell = new CommandBell();
  const lastCommit = commitTrouble(clock);
  for (const listener of [hub, holdsRing(bell), lastCommit.listener]) ledger.listen(listener);
  const gauges = { queueDepth: () => queue.depth, sweeperLagMs: () => sweeper.lagMs, channels: [...channels.keys()] };
  const metrics = createMetrics({ ledger, store, clock, version, ...gauges });
  const metering = createMetering({ ...options, clock, ledger, shared, pricing });
  const beats = createBeatEndpoint({ check, queue, priceOf, clock, refused: (code) => metrics.refused(code) });
  const reporter = createReporter({ store, clock, settingsOf, timeZone });
  const { report, publicUrl = null } = options;
  const around = { store, reporter, clock, log, timeZone, publicUrl, wakeDelivery: delivery.wake };
  const schedule = report && createReportSchedule({ ...around, ...report });
  const intake = new SupervisorIntake({ store, ledger, clock, log, priceOf, settingsOf, supervisors });
  const retention = createRetention({ store, clock, log });
  const commandExpiry = createCommandExpiry({ store, ledger, clock });

  await loadWithLedger(metering, ledger, settingsOf);
  await check.keys.reread();
  await sessions.load();
  await silences.reread();
  await sweeper.open();

  return {
    ...{ store, clock, settingsOf, ledger, queue, beats, intake, sweeper, supervisors, bell, commandExpiry, presenter },
    ...{ hub, ...metering, desk, silences, delivery, channels, check, sessions, pricing, metrics, reporter },
    defaults: settingsOf(undefined),
    channelTypeOf: (name) => String(options.channels[name]?.["type"]),
    channelHealth: (name) => readChannelHealth(store, name),
    linkKey: signed?.key ?? null,
    trouble: () => lastCommit.trouble() ?? sweeper.trouble ?? desk.trouble(),
    ...lifeOf({
      ...{ beats, queue, hub, bell, desk, delivery, ...metering },
      loops: [sweeper, retention, commandExpiry, schedule, shared, metering.telemetry],
      heartbeat,
    }),
  };
}

async function signedLinks({ publicUrl, store }: ServerOptions): Promise<Parameters<typeof createLinks>[0]> {
  return typeof publicUrl === "string" ? { publicUrl, key: await linkKey(store) } : null;
}

function placeOf(agent: string, census: Ledger["census"], intake: Pick<SupervisorIntake, "mayKeep">): AgentPlace {
  const { supervisor = null, state = null } = census.get(agent) ?? {};
  return { kept: supervisor !== null && intake.mayKeep(supervisor, agent), paused: state === "paused" };
}

function rulesOf(
  { alerts, alertsTo, timeZone }: ServerOptions,
  given: Pick<Watch, "silences" | "channels"> & Pick<Ledger, "census">,
): AlertRules {
  const { census, silences, channels } = given;
  return alertRules({
    settings: { ...alertDefaults, ...alerts },
    alertsTo,
    timeZone,
    census,
    silences: silences.known,
    canUpdate: (name) => channels.get(name)?.canUpdate ?? false,
    hearsAcknowledgements: (name) => channels.get(name)?.hearsAcknowledgements ?? false,
  });
}

function heartbeatOf(
  { watcher, log }: ServerOptions,
  { clock, agents }: { readonly clock: Clock; readonly agents: () => number },
): OutgoingHeartbeat | null {
  return watcher ? createOutgoingHeartbeat(watcher, { ...clock, agents, log }) : null;
}

/** Something of the watch that turns by itself. */
interface Loop {
  start(): void;
  stop(): Promise<void>;
}

function lifeOf(
  parts: Pick<Watch, "beats" | "queue" | "hub" | "bell" | "standings" | "desk" | "delivery"> & {
    readonly loops: readonly (Loop | null)[];
    readonly heartbeat: OutgoingHeartbeat | null;
  },
): Pick<Watch, "start" | "stop"> {
  const { beats, queue, hub, bell, standings, desk, delivery, loops, heartbeat } = parts;
  return {
    start: () => {
      for (const loop of [...loops, desk, delivery]) loop?.start();
    },
    stop: async () => {
      beats.close();
      await queue.drained();
      hub.close();
      bell.close();
      standings.close();
      await Promise.all([...loops, heartbeat].map(async (loop) => loop?.stop()));
      // Last, since what the others decide is still written down for them.
      await desk.stop();
      await delivery.stop();
    },
  };
}

/** Why commits fail, for a while: if it lasts, the sweeper's own writing finds out. */
function commitTrouble(clock: Clock): { readonly listener: LedgerListener; trouble(): string | null } {
  let failed: { readonly why: string; readonly at: DurationMs } | null = null;
  return {
    listener: {
      committed: () => {
        failed = null;
      },
      failed: (error) => {
        failed = { why: storeAdvice(error), at: clock.monotonic() };
      },
    },
    trouble: () => (failed !== null && clock.monotonic() - failed.at < troubleLastsMs ? failed.why : null),
  };
}

/** A supervisor that waits for commands is told at once when one of its agents is held or let go. */
function holdsRing(bell: CommandBell): LedgerListener {
  return {
    committed: ({ outcomes }) => {
      for (const { before, state } of outcomes.values()) {
        if (state.supervisor !== null && before?.hold !== state.hold) bell.ring(state.supervisor.id);
      }
    },
    failed: () => {
      // Nothing changed, so there is nothing to tell.
    },
  };
}
