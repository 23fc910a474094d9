import { readFileSync } from "node:fs";
import { hostname } from "node:os";
import { dirname, resolve } from "node:path";
import { MINUTE } from "@midwatch/core";
import { isAgentName } from "@midwatch/protocol";
import type { ReportPlan, WatcherSettings } from "@midwatch/server";
import type { Weekday } from "@midwatch/server/alerts";
import { channelTypes } from "@midwatch/server/channels";
import { isMap, type YAMLMap } from "yaml";
import { findCircle } from "@midwatch/supervisor/order";
import { alertsOf } from "./alert-config.ts";
import { alertFields } from "./alert-fields.ts";
import { agentOf, targetOf } from "./agent-config.ts";
import { agentDefaults, type AgentDefaults, type Config, type KeptAgent } from "./config.ts";
import { meteredProblem, meterOf, unplacedProviders } from "./meter-config.ts";
import { splitListen } from "./listen-address.ts";
import {
  agentFields,
  meterFields,
  policyFields,
  reportFields,
  sections,
  serverFields,
  watcherFields,
  weekdays,
} from "./fields.ts";
import { readBudgets, readPrices, withLimits, type LimitChanges } from "./cost-config.ts";
import { offsetOf, YamlFile, type Problem, type Values } from "./yaml-file.ts";

export type ReadConfig =
  | { readonly ok: true; readonly config: Config }
  | { readonly ok: false; readonly file: string; readonly problems: readonly Problem[] };

/** Reads and checks a whole file; every mistake in it is reported at once, each with its place. */
export function readConfig(file: string, environment: NodeJS.ProcessEnv): ReadConfig {
  let text: string;
  try {
    text = readFileSync(file, "utf8");
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    return { ok: false, file, problems: [{ line: 0, column: 0, message: `the file can't be read: ${reason}` }] };
  }
  return parseConfig(text, file, environment);
}

export function parseConfig(text: string, file: string, environment: NodeJS.ProcessEnv): ReadConfig {
  const yaml = new YamlFile(text, environment);
  const config = new Reader(yaml).config(file);
  if (yaml.problems.length > 0) return { ok: false, file, problems: yaml.problems };
  return { ok: true, config };
}

class Reader {
  readonly #yaml: YamlFile;

  constructor(yaml: YamlFile) {
    this.#yaml = yaml;
  }

  config(file: string): Config {
    const root = this.#yaml.map(this.#yaml.root, "the file");
    for (const [key, at] of this.#yaml.keys(root)) {
      if (!Object.hasOwn(sections, key))
        this.#yaml.complain(at, `unknown section "${key}"; there are ${Object.keys(sections).join(", ")}`);
    }
    const server = this.#yaml.fields(root?.get("server", true), "server", serverFields);
    const defaults = this.#policy(
      this.#yaml.fields(root?.get("defaults", true), "defaults", policyFields),
      agentDefaults,
    );
    const meter = this.#yaml.fields(root?.get("meter", true), "meter", meterFields);
    for (const name of unplacedProviders(meter))
      this.#yaml.complain(offsetOf(root?.get("meter", true)), `meter.providers.${name} has no "url"`);
    const alerts = this.#yaml.fields(root?.get("alerts", true), "alerts", alertFields);
    const report = this.#yaml.fields(root?.get("report", true), "report", reportFields);
    const channels = this.#channels(root);
    const alertsTo = this.#channelNames(root, "alerts", alerts, channels);
    const reportTo = this.#channelNames(root, "report", report, channels);
    const base = dirname(resolve(file));
    const [host, port] = splitListen((server["listen"] as string | undefined) ?? "127.0.0.1:4004");
    return {
      file: resolve(file),
      server: {
        host,
        port,
        dataDir: resolve(base, (server["data"] as string | undefined) ?? ".midwatch"),
        timezone: this.#timezone(root, server["timezone"] as string | undefined),
        publicUrl: (server["public_url"] as string | undefined) ?? null,
        strict: (server["strict"] as boolean | undefined) ?? false,
        allowExec: (server["allow_exec"] as boolean | undefined) ?? false,
      },
      meter: root?.has("meter") === true ? meterOf(meter) : null,
      defaults,
      agents: this.#agents(root, defaults, base),
      budgets: readBudgets(this.#yaml, root),
      prices: readPrices(this.#yaml, root),
      channels,
      alertsTo,
      fallback: this.#fallback(root, alerts, channels),
      alerts: alertsOf(alerts, {
        channels: Object.keys(channels),
        complain: (message) => this.#yaml.complain(offsetOf(root?.get("alerts", true)), message),
      }),
      watcher: this.#watcher(root),
      report: this.#report(root, report, reportTo.length > 0 ? reportTo : alertsTo),
    };
  }

  #fallback(root: YAMLMap | null, alerts: Values, channels: Config["channels"]): string | null {
    const name = alerts["fallback"] as string | undefined;
    if (name !== undefined && !Object.hasOwn(channels, name))
      this.#yaml.complain(
        offsetOf(root?.get("alerts", true)),
        `alerts.fallback names "${name}", which is not under channels`,
      );
    return name ?? null;
  }

  #watcher(root: YAMLMap | null): WatcherSettings | null {
    if (root?.has("watcher") !== true) return null;
    const values = this.#yaml.fields(root.get("watcher", true), "watcher", watcherFields);
    if (values["url"] === undefined)
      this.#yaml.complain(offsetOf(root.get("watcher", true)), `watcher has no "url": what is to be called?`);
    return {
      url: (values["url"] as string | undefined) ?? "",
      key: (values["key"] as string | undefined) ?? null,
      agent: (values["agent"] as string | undefined) ?? `midwatch@${hostname()}`,
      everyMs: (values["every"] as number | undefined) ?? MINUTE,
      allowPrivate: (values["allow_private"] as boolean | undefined) ?? false,
    };
  }

  #report(root: YAMLMap | null, report: Values, to: readonly string[]): ReportPlan | null {
    const at = report["at"] as string | undefined;
    if (at === undefined) {
      const meant = Object.keys(report).filter((key) => key !== "to");
      if (meant.length > 0)
        this.#yaml.complain(
          offsetOf(root?.get("report", true)),
          `report has ${meant.join(" and ")}, but no "at"; say at what time, like at: "08:00"`,
        );
      return null;
    }
    const weekly = weekdays.findIndex((day) => day === report["weekly"]) + 1;
    return {
      at,
      to,
      daily: (report["daily"] as boolean | undefined) ?? true,
      weekly: weekly === 0 ? null : (weekly as Weekday),
      monthly: (report["monthly"] as number | undefined) ?? null,
    };
  }

  #agents(root: YAMLMap | null, defaults: AgentDefaults, base: string): KeptAgent[] {
    const map = this.#yaml.map(root?.get("agents", true), "agents");
    const agents = this.#yaml.keys(map).flatMap(([name, at]) => {
      if (!isAgentName(name))
        this.#yaml.complain(at, `"${name}" is not an agent name: 1 to 128 letters, digits and . _ - / : @`);
      const node = map?.get(name, true);
      const values = this.#yaml.fields(node, `agents.${name}`, agentFields);
      const read = targetOf(values, isMap(node) ? this.#yaml.keys(node).map(([key]) => key) : []);
      if (read.ok)
        return [agentOf(values, { name, target: read.target, policy: this.#policy(values, defaults), base })];
      if (read.wrong !== null) this.#yaml.complain(at, `agents.${name} ${read.wrong}`);
      return [];
    });
    this.#checkOrder(map, agents);
    this.#checkMetered(map, agents);
    return agents;
  }

  #checkMetered(map: YAMLMap | null, agents: readonly KeptAgent[]): void {
    for (const agent of agents) {
      const problem = meteredProblem(agent);
      const node = map?.get(agent.name, true);
      if (problem !== null) this.#yaml.complain(offsetOf(isMap(node) ? node.get("meter", true) : node), problem);
    }
  }

  #checkOrder(map: YAMLMap | null, agents: readonly KeptAgent[]): void {
    const placeOf = (name: string): number | undefined => {
      const agent = map?.get(name, true);
      return offsetOf(isMap(agent) ? agent.get("after", true) : agent);
    };
    const known = new Set(this.#yaml.keys(map).map(([name]) => name));
    for (const { name, after } of agents) {
      for (const other of after) {
        if (!known.has(other))
          this.#yaml.complain(placeOf(name), `agents.${name}.after names "${other}", which is no agent here`);
      }
    }
    const circle = findCircle(agents);
    if (circle)
      this.#yaml.complain(placeOf(circle[0] ?? ""), `${circle.join(" comes after ")}: nothing could be started first`);
  }

  #policy(values: Values, defaults: AgentDefaults): AgentDefaults {
    const pick = <T>(key: string, fallback: T): T => (values[key] as T | undefined) ?? fallback;
    return {
      telemetry: pick("telemetry", defaults.telemetry),
      liveness: pick("liveness", defaults.liveness),
      intervalMs: pick("interval", defaults.intervalMs),
      missedLimit: pick("missed_limit", defaults.missedLimit),
      restart: pick("restart", defaults.restart),
      cooldownMs: pick("cooldown", defaults.cooldownMs),
      maxRestarts: pick("max_restarts", defaults.maxRestarts),
      maxRestartsPerDay: pick("max_restarts_per_day", defaults.maxRestartsPerDay),
      probationMs: pick("probation", defaults.probationMs),
      startupMs: pick("startup", defaults.startupMs),
      stopAnnounceMs: pick("stop_announce", defaults.stopAnnounceMs),
      stopGraceMs: pick("stop_grace", defaults.stopGraceMs),
      stopLimitMs: pick("stop_limit", defaults.stopLimitMs),
      budget: withLimits(defaults.budget, pick<LimitChanges>("budget", {})),
      onRunaway: pick("on_runaway", defaults.onRunaway),
      detector: pick("detector", defaults.detector),
      // Null is a value here: it takes away what the defaults say.
      stuckCycles: "stuck_cycles" in values ? (values["stuck_cycles"] as number | null) : defaults.stuckCycles,
    };
  }

  /** Channels are checked by their own types when they are made; here only their shape. */
  #channels(root: YAMLMap | null): Record<string, Record<string, unknown>> {
    const channels = this.#yaml.map(root?.get("channels", true), "channels");
    const read: Record<string, Record<string, unknown>> = {};
    for (const [name, at] of this.#yaml.keys(channels)) {
      const channel = this.#yaml.map(channels?.get(name, true), `channels.${name}`);
      if (!channel?.has("type"))
        this.#yaml.complain(at, `channels.${name} has no "type"; there are ${channelTypes.join(", ")}`);
      read[name] = Object.fromEntries(
        this.#yaml.keys(channel).map(([key]) => [key, this.#yaml.substituted(channel?.get(key, true))]),
      );
    }
    return read;
  }

  #channelNames(root: YAMLMap | null, section: string, values: Values, channels: Values): readonly string[] {
    const names = (values["to"] as string[] | undefined) ?? [];
    for (const name of names) {
      if (Object.hasOwn(channels, name)) continue;
      const known = Object.keys(channels).join(", ") || "none yet";
      this.#yaml.complain(
        offsetOf(root?.get(section, true)),
        `${section}.to names the channel "${name}", which channels: does not have (${known})`,
      );
    }
    // One that is named twice is told once.
    return [...new Set(names)];
  }

  #timezone(root: YAMLMap | null, zone: string | undefined): string {
    const own = Intl.DateTimeFormat().resolvedOptions().timeZone;
    if (zone === undefined) return own;
    try {
      return new Intl.DateTimeFormat("en", { timeZone: zone }).resolvedOptions().timeZone;
    } catch {
      // The one thing this constructor throws for is a zone it does not know.
      this.#yaml.complain(
        offsetOf(root?.get("server", true)),
        `server.timezone "${zone}" is not a known time zone; write it like Europe/Berlin`,
      );
      return own;
    }
  }
}

/** One problem a line, the way editors and compilers write places. */
export function describeProblems(file: string, problems: readonly Problem[]): string {
  const lines = problems.map(
    ({ line, column, message }) => `  ${file}${line > 0 ? `:${line}:${column}` : ""}: ${message}`,
  );
  return `The configuration has ${problems.length === 1 ? "a mistake" : `${problems.length} mistakes`}:\n${lines.join("\n")}`;
}
