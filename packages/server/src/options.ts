import type { Writable } from "node:stream";
import type { AgentSettings, DurationMs } from "@midwatch/core";
import type { Store } from "@midwatch/store";
import type { UsageMeter } from "./metering/usage-meter.ts";
import type { AlertSettings } from "./alerts/alert-settings.ts";
import type { Channel, ChannelConfigError } from "./channels/channel.ts";
import { createChannel } from "./channels/create-channel.ts";
import type { Clock } from "./clock.ts";
import { ConfigError } from "./errors.ts";
import type { Log } from "./log.ts";
import type { SharedLimits } from "./metering/shared-budgets.ts";
import { isLoopbackName } from "@midwatch/protocol";
import { renderMail } from "./report/report-mail.ts";
import type { ReportPlan } from "./report/schedule.ts";
import type { OwnPrices } from "./pricing/own-prices.ts";
import type { WatcherSettings } from "./watcher/outgoing-heartbeat.ts";
import { isTimeZone } from "./views/local-day.ts";

export interface ServerOptions {
  /** Port 0 takes any that is free. */
  readonly listen: { readonly host: string; readonly port: number };
  /** Opened and closed by the caller; `stop()` must have resolved before it is closed. */
  readonly store: Store;
  /** IANA name; days, reports and "today" are counted in it. */
  readonly timeZone: string;
  /** True: an unknown agent's beat is refused with 404 instead of registering it. */
  readonly strict: boolean;
  readonly defaults: AgentSettings;
  /** As they stand under `channels:`, by name. */
  readonly channels: Readonly<Record<string, Readonly<Record<string, unknown>>>>;
  /** True: channels may run programs of this machine. False unless given. */
  readonly allowExec?: boolean;
  /** Names of channels for whatever no route fits. */
  readonly alertsTo: readonly string[];
  /** Routes, quiet hours, maintenance and the like; what is not given is as in `alertDefaults`. */
  readonly alerts?: Partial<AlertSettings>;
  /** When reports are sent, and to whom; null sends none. */
  readonly report: ReportPlan | null;
  /** Budgets that several agents share; none unless given. */
  readonly budgets?: SharedLimits;
  /** The price table of the settings; the tables that ship hold for what is not in it. */
  readonly prices?: OwnPrices;
  /** Where people reach this server: messages link to it. Without it they have no links. */
  readonly publicUrl?: string | null;
  readonly log: Log;
  readonly version: string;
  /** The system's clocks unless given; tests bring their own. */
  readonly clock?: Clock;
  /** Where a console channel writes; standard output unless given. */
  readonly stream?: Writable;
  /** The built dashboard; what stands beside the installed packages unless given, null for none. */
  readonly dashboardDir?: string | null;
  /** Where metered calls go: into the ledger, unless a test brings its own. */
  readonly usageMeter?: UsageMeter;
  /** A loop that turns this late has no time for questions; 2 s unless given, null for never. Beats have their own bound. */
  readonly overloadedAfterMs?: DurationMs | null;
  /** What elsewhere expects a sign of life of this server; none unless given. */
  readonly watcher?: WatcherSettings | null;
  /** Called on every turn of the main loop, some ten times a second: what the server's own sign of life comes from. */
  readonly onTurn?: () => void;
}

/** Opens every channel, or throws a `ConfigError` that names everything that is wrong. */
export function openChannels(options: ServerOptions, now: () => number): ReadonlyMap<string, Channel> {
  const channels = new Map<string, Channel>();
  const faults: ChannelConfigError[] = [];
  for (const [name, config] of Object.entries(options.channels)) {
    const { stream = process.stdout, allowExec = false } = options;
    const made = createChannel(name, config, { stream, now, allowExec, renderMail });
    if (made.ok) channels.set(name, made.channel);
    else faults.push(...made.errors);
  }
  const named = [
    ...options.alertsTo.map((name) => ({ name, path: "alerts.to" })),
    ...(options.alerts?.routes ?? []).flatMap(({ steps }, index) =>
      steps.flatMap(({ to }) => to.map((name) => ({ name, path: `alerts.routes[${index}]` }))),
    ),
    ...(options.report?.to ?? []).map((name) => ({ name, path: "report.to" })),
  ];
  for (const { name, path } of named) {
    if (Object.hasOwn(options.channels, name)) continue;
    const known = Object.keys(options.channels);
    const choice = known.length === 0 ? "there are none under `channels:`" : `there are ${known.join(", ")}`;
    faults.push({ path, message: `names the channel "${name}", but ${choice}` });
  }
  if (faults.length === 0) return channels;
  const lines = faults.map(({ path, message }) => `\n  ${path}: ${message}`);
  throw new ConfigError("bad_channels", `The channels cannot be used:${lines.join("")}`);
}

/** Throws a `ConfigError` for what would only be noticed later, when nobody looks. */
export async function checkOptions(options: ServerOptions): Promise<void> {
  const { timeZone, listen, store, publicUrl } = options;
  if (!isTimeZone(timeZone)) {
    const message = `There is no time zone "${timeZone}". Use a name of the IANA list, such as Europe/Berlin or UTC.`;
    throw new ConfigError("bad_timezone", message);
  }
  if (typeof publicUrl === "string" && !isPublicUrl(publicUrl)) {
    // It may hold a password, so it is not shown.
    const message =
      "server.public_url cannot be linked to. Give an address without user, password or path, such as https://midwatch.example.org.";
    throw new ConfigError("bad_public_url", message);
  }
  if (isLoopbackName(listen.host)) return;
  if ((await store.keys()).some(({ revokedAt }) => revokedAt === null)) return;
  throw new ConfigError(
    "no_keys",
    `${listen.host} can be reached from other machines, and there is no key yet that would let anybody in. ` +
      "Make one first: midwatch key create --scope ingest (for agents), and --scope admin (for you). " +
      "Or listen on 127.0.0.1.",
  );
}

/** The pages are made for the root of an address, and a link must not hand out a password. */
function isPublicUrl(text: string): boolean {
  if (!URL.canParse(text)) return false;
  const { protocol, username, password, pathname, search, hash } = new URL(text);
  return /^https?:$/.test(protocol) && username + password + search + hash === "" && pathname === "/";
}
