import { readFileSync } from "node:fs";
import { dirname, resolve } from "node:path";
import { isAgentName } from "@midwatch/protocol";
import { channelTypes } from "@midwatch/server/channels";
import { isMap, isScalar, isSeq, LineCounter, parseDocument, type YAMLMap } from "yaml";
import { checkField } from "./field-value.ts";
import { findCircle } from "@midwatch/supervisor/order";
import { agentOf, targetOf } from "./agent-config.ts";
import { agentDefaults, type AgentDefaults, type Config, type KeptAgent } from "./config.ts";
import { meteredProblem, meterOf, unplacedProviders } from "./meter-config.ts";
import { splitListen } from "./listen-address.ts";
import {
  agentFields,
  alertFields,
  laterFields,
  meterFields,
  policyFields,
  reportFields,
  sections,
  serverFields,
  type Field,
  type Fields,
} from "./fields.ts";

/** One mistake in the file. Lines and columns start at 1; 0 where a mistake has no place. */
export interface Problem {
  readonly line: number;
  readonly column: number;
  readonly message: string;
}

export type ReadConfig =
  | { readonly ok: true; readonly config: Config }
  | { readonly ok: false; readonly file: string; readonly problems: readonly Problem[] };

type Values = Readonly<Record<string, unknown>>;

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
  const reader = new Reader(text, environment);
  const config = reader.config(file);
  if (reader.problems.length > 0) return { ok: false, file, problems: reader.problems };
  return { ok: true, config };
}

/** Walks the document and collects what is wrong with it. */
class Reader {
  readonly problems: Problem[] = [];
  readonly #lines = new LineCounter();
  readonly #root: unknown;
  readonly #environment: NodeJS.ProcessEnv;

  constructor(text: string, environment: NodeJS.ProcessEnv) {
    this.#environment = environment;
    const document = parseDocument(text, { lineCounter: this.#lines, prettyErrors: false });
    for (const error of document.errors) this.#complain(error.pos[0], error.message.split("\n")[0] ?? "not YAML");
    this.#root = document.contents;
  }

  config(file: string): Config {
    const root = this.#map(this.#root, "the file");
    for (const [key, at] of this.#keys(root)) {
      if (!Object.hasOwn(sections, key))
        this.#complain(at, `unknown section "${key}"; there are ${Object.keys(sections).join(", ")}`);
    }
    const server = this.#fields(root?.get("server", true), "server", serverFields);
    const defaults = this.#policy(this.#fields(root?.get("defaults", true), "defaults", policyFields), agentDefaults);
    const meter = this.#fields(root?.get("meter", true), "meter", meterFields);
    for (const name of unplacedProviders(meter))
      this.#complain(offsetOf(root?.get("meter", true)), `meter.providers.${name} has no "url"`);
    const alerts = this.#fields(root?.get("alerts", true), "alerts", alertFields);
    const report = this.#fields(root?.get("report", true), "report", reportFields);
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
        strict: (server["strict"] as boolean | undefined) ?? false,
      },
      meter: root?.has("meter") === true ? meterOf(meter) : null,
      defaults,
      agents: this.#agents(root, defaults, base),
      channels,
      alertsTo,
      report:
        report["at"] === undefined
          ? null
          : { at: report["at"] as string, to: reportTo.length > 0 ? reportTo : alertsTo },
    };
  }

  #agents(root: YAMLMap | null, defaults: AgentDefaults, base: string): KeptAgent[] {
    const map = this.#map(root?.get("agents", true), "agents");
    const agents = this.#keys(map).flatMap(([name, at]) => {
      if (!isAgentName(name))
        this.#complain(at, `"${name}" is not an agent name: 1 to 128 letters, digits and . _ - / : @`);
      const node = map?.get(name, true);
      const values = this.#fields(node, `agents.${name}`, agentFields);
      const read = targetOf(values, isMap(node) ? this.#keys(node).map(([key]) => key) : []);
      if (read.ok)
        return [agentOf(values, { name, target: read.target, policy: this.#policy(values, defaults), base })];
      if (read.wrong !== null) this.#complain(at, `agents.${name} ${read.wrong}`);
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
      if (problem !== null) this.#complain(offsetOf(isMap(node) ? node.get("meter", true) : node), problem);
    }
  }

  #checkOrder(map: YAMLMap | null, agents: readonly KeptAgent[]): void {
    const placeOf = (name: string): number | undefined => {
      const agent = map?.get(name, true);
      return offsetOf(isMap(agent) ? agent.get("after", true) : agent);
    };
    const known = new Set(this.#keys(map).map(([name]) => name));
    for (const { name, after } of agents) {
      for (const other of after) {
        if (!known.has(other))
          this.#complain(placeOf(name), `agents.${name}.after names "${other}", which is no agent here`);
      }
    }
    const circle = findCircle(agents);
    if (circle)
      this.#complain(placeOf(circle[0] ?? ""), `${circle.join(" comes after ")}: nothing could be started first`);
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
    };
  }

  /** Channels are checked by their own types when they are made; here only their shape. */
  #channels(root: YAMLMap | null): Record<string, Record<string, unknown>> {
    const channels = this.#map(root?.get("channels", true), "channels");
    const read: Record<string, Record<string, unknown>> = {};
    for (const [name, at] of this.#keys(channels)) {
      const channel = this.#map(channels?.get(name, true), `channels.${name}`);
      if (!channel?.has("type"))
        this.#complain(at, `channels.${name} has no "type"; there are ${channelTypes.join(", ")}`);
      read[name] = Object.fromEntries(
        this.#keys(channel).map(([key]) => [key, this.#substituted(channel?.get(key, true))]),
      );
    }
    return read;
  }

  #channelNames(root: YAMLMap | null, section: string, values: Values, channels: Values): readonly string[] {
    const names = (values["to"] as string[] | undefined) ?? [];
    for (const name of names) {
      if (Object.hasOwn(channels, name)) continue;
      const known = Object.keys(channels).join(", ") || "none yet";
      this.#complain(
        offsetOf(root?.get(section, true)),
        `${section}.to names the channel "${name}", which channels: does not have (${known})`,
      );
    }
    return names;
  }

  #timezone(root: YAMLMap | null, zone: string | undefined): string {
    const own = Intl.DateTimeFormat().resolvedOptions().timeZone;
    if (zone === undefined) return own;
    try {
      return new Intl.DateTimeFormat("en", { timeZone: zone }).resolvedOptions().timeZone;
    } catch {
      // The one thing this constructor throws for is a zone it does not know.
      this.#complain(
        offsetOf(root?.get("server", true)),
        `server.timezone "${zone}" is not a known time zone; write it like Europe/Berlin`,
      );
      return own;
    }
  }

  /** Checks one mapping against its table and returns what was given, parsed. */
  #fields(node: unknown, where: string, fields: Fields): Values {
    const map = this.#map(node, where);
    const values: Record<string, unknown> = {};
    for (const [key, at] of this.#keys(map)) {
      const field = Object.hasOwn(fields, key) ? fields[key] : undefined;
      if (field === undefined) {
        const later = laterFields.includes(key) && where.startsWith("agents.");
        this.#complain(
          at,
          later
            ? `${where}.${key} is not supported by this version yet; remove it, so that you do not rely on it`
            : `${where} has no setting "${key}"; there are ${Object.keys(fields).join(", ")}`,
        );
        continue;
      }
      const value = checkField(this.#substituted(map?.get(key, true)), field);
      if (value.ok && field.type === "named") values[key] = this.#named(map?.get(key, true), `${where}.${key}`, field);
      else if (value.ok && field.type === "rows")
        values[key] = this.#rows(map?.get(key, true), `${where}.${key}`, field);
      else if (value.ok) values[key] = value.value;
      else this.#complain(offsetOf(map?.get(key, true)) ?? at, `${where}.${key} ${value.wrong}`);
    }
    return values;
  }

  #rows(node: unknown, where: string, field: Extract<Field, { type: "rows" }>): readonly Values[] {
    if (!isSeq(node)) return [];
    return node.items.map((item, index) => {
      const row = this.#fields(item, `${where}[${index}]`, field.of);
      for (const name of field.required) {
        if (row[name] === undefined) this.#complain(offsetOf(item), `${where}[${index}] has no "${name}"`);
      }
      return row;
    });
  }

  #named(node: unknown, where: string, field: Extract<Field, { type: "named" }>): Readonly<Record<string, Values>> {
    const map = this.#map(node, where);
    return Object.fromEntries(
      this.#keys(map).map(([name, at]) => {
        if (!field.names.test(name))
          this.#complain(at, `${where} has the name "${name}": letters, digits and . _ - only`);
        return [name, this.#fields(map?.get(name, true), `${where}.${name}`, field.of)];
      }),
    );
  }

  /** The plain value of a node, `${NAME}` replaced from the environment. */
  #substituted(node: unknown): unknown {
    if (isMap(node))
      return Object.fromEntries(this.#keys(node).map(([key]) => [key, this.#substituted(node.get(key, true))]));
    if (isSeq(node)) return node.items.map((item) => this.#substituted(item));
    if (!isScalar(node)) return undefined;
    const { value } = node;
    if (typeof value !== "string") return value;
    return value.replace(/\$\{([A-Za-z_][A-Za-z0-9_]*)\}/g, (_, name: string) => {
      const given = this.#environment[name];
      if (given === undefined) this.#complain(offsetOf(node), `the environment variable ${name} is not set`);
      return given ?? "";
    });
  }

  #map(node: unknown, where: string): YAMLMap | null {
    if (node === null || node === undefined || (isScalar(node) && node.value === null)) return null;
    if (isMap(node)) return node;
    this.#complain(offsetOf(node), `${where} must be a mapping of names to values`);
    return null;
  }

  #keys(map: YAMLMap | null): [string, number | undefined][] {
    return (map?.items ?? []).map(({ key }) => [isScalar(key) ? String(key.value) : String(key), offsetOf(key)]);
  }

  #complain(offset: number | undefined, message: string): void {
    const place = offset === undefined ? { line: 0, col: 0 } : this.#lines.linePos(offset);
    this.problems.push({ line: place.line, column: place.col, message });
  }
}

/** One problem a line, the way editors and compilers write places. */
export function describeProblems(file: string, problems: readonly Problem[]): string {
  const lines = problems.map(
    ({ line, column, message }) => `  ${file}${line > 0 ? `:${line}:${column}` : ""}: ${message}`,
  );
  return `The configuration has ${problems.length === 1 ? "a mistake" : `${problems.length} mistakes`}:\n${lines.join("\n")}`;
}

function offsetOf(node: unknown): number | undefined {
  return (node as { range?: [number, number, number] | null } | null | undefined)?.range?.[0];
}
