import { BEAT_LIMITS, parseBeat, readAgentName, type ParsedBeat } from "./beat-parser.ts";
import { MAX_BATCH, MAX_TIME_MS } from "./batch-parser.ts";
import { readLimits } from "./budget-limits.ts";
import { Fields, isObject, kindOf, type FieldError, type JsonObject } from "./fields.ts";
import type { EvidenceBundle, EvidenceName, SupervisedSettings, SupervisorFact } from "./supervisor-link.ts";

/** One thing from a spool. A bad one is refused by itself: were it to refuse the batch, the spool would never get past it. */
export type SpooledItem =
  | {
      readonly is: "beat";
      readonly n: number;
      readonly receivedAt: number;
      readonly parsed: ParsedBeat;
      readonly body: unknown;
    }
  | { readonly is: "fact"; readonly n: number; readonly fact: SupervisorFact }
  | { readonly is: "refused"; readonly n: number; readonly errors: readonly FieldError[] };

export interface SupervisorBatch {
  readonly host: string;
  readonly sentAt: number;
  readonly spool: string;
  readonly agents: readonly { readonly name: string; readonly settings: SupervisedSettings }[];
  /** In order of `n`. */
  readonly items: readonly SpooledItem[];
}

export type ParsedSupervisorBatch =
  | { readonly ok: true; readonly batch: SupervisorBatch }
  | { readonly ok: false; readonly errors: readonly FieldError[] };

const TIME = { min: 0, max: MAX_TIME_MS } as const;
const MAX_LAST_LINES = 200;
/** 16 KiB, in characters. */
const MAX_EVIDENCE_TEXT = 16_384;
const EVIDENCE_NAMES = [
  "stack",
  "process",
  "files",
  "output",
  "beats",
  "environment",
  "platform",
] as const satisfies readonly EvidenceName[];
const PHASES = ["idle", "starting", "probation", "healthy", "stopping", "cooldown", "exhausted", "stopped"] as const;

/** Parses what a supervisor sends: `BatchRequest`. Never throws. */
export function parseSupervisorBatch(value: unknown): ParsedSupervisorBatch {
  const fields = new Fields();
  if (!isObject(value)) {
    fields.fault("", `must be a JSON object, not ${kindOf(value)}`);
    return { ok: false, errors: fields.errors };
  }
  const host = must(fields, value["host"], "host", fields.name(value["host"], "host", 255));
  const sentAt = must(fields, value["sent_at"], "sent_at", fields.number(value["sent_at"], "sent_at", TIME));
  const spool = must(fields, value["spool"], "spool", fields.name(value["spool"], "spool", BEAT_LIMITS.idLength));
  const agents = fields
    .list(value["agents"], "agents", MAX_BATCH)
    .map((agent, index) => readAgent(fields, agent, `agents[${index}]`));
  const items: SpooledItem[] = [];
  let last = 0;
  for (const [index, entry] of fields.list(value["items"], "items", MAX_BATCH).entries()) {
    const n = isObject(entry) ? fields.count(entry["n"], `items[${index}].n`) : null;
    if (n === null || !isObject(entry)) {
      fields.fault(`items[${index}]`, "must be an object with the number n of its place in the spool");
      continue;
    }
    if (n <= last) fields.fault(`items[${index}].n`, `must rise, got ${n} after ${last}`);
    last = n;
    items.push(readItem(entry, n, index));
  }
  if (fields.errors.length > 0 || host === null || sentAt === null || spool === null) {
    return { ok: false, errors: fields.errors };
  }
  return { ok: true, batch: { host, sentAt, spool, agents, items } };
}

function must<T>(fields: Fields, source: unknown, path: string, value: T | null): T | null {
  return fields.required(value, source, path);
}

function readAgent(fields: Fields, value: unknown, path: string): { name: string; settings: SupervisedSettings } {
  const agent = isObject(value) ? value : {};
  const settings = isObject(agent["settings"]) ? agent["settings"] : {};
  const at = `${path}.settings`;
  const span = (key: string): number => {
    const read = fields.count(settings[key], `${at}.${key}`);
    return must(fields, settings[key], `${at}.${key}`, read) ?? 0;
  };
  const liveness = fields.oneOf(settings["liveness"], `${at}.liveness`, ["beats", "process"]);
  return {
    name: readAgentName(fields, agent["name"], `${path}.name`) ?? "",
    settings: {
      interval_ms: fields.count(settings["interval_ms"], `${at}.interval_ms`),
      missed_limit: span("missed_limit"),
      startup_ms: span("startup_ms"),
      liveness: must(fields, settings["liveness"], `${at}.liveness`, liveness) ?? "beats",
      restart: fields.oneOf(settings["restart"], `${at}.restart`, ["always", "on-failure", "never"]) ?? "always",
      max_restarts: span("max_restarts"),
      cooldown_ms: span("cooldown_ms"),
      tags: fields
        .list(settings["tags"], `${at}.tags`, 64)
        .map((tag, index) => fields.name(tag, `${at}.tags[${index}]`, BEAT_LIMITS.kindLength) ?? ""),
      ...readCostSettings(fields, settings, at),
    },
  };
}

/** Only what was sent: an older supervisor says nothing of it, and then the server's own defaults hold. */
function readCostSettings(
  fields: Fields,
  settings: JsonObject,
  at: string,
): Pick<SupervisedSettings, "budget" | "on_runaway" | "detector" | "stuck_cycles"> {
  const budget = readLimits(fields, settings["budget"], `${at}.budget`);
  const onRunaway = fields.oneOf(settings["on_runaway"], `${at}.on_runaway`, ["page", "pause"]);
  const detector = fields.oneOf(settings["detector"], `${at}.detector`, ["on", "shadow"]);
  const stuckCycles = fields.count(settings["stuck_cycles"], `${at}.stuck_cycles`);
  if (stuckCycles === 0) fields.fault(`${at}.stuck_cycles`, "must be at least 1, or null");
  return {
    ...(budget === null ? {} : { budget }),
    ...(onRunaway === null ? {} : { on_runaway: onRunaway }),
    ...(detector === null ? {} : { detector }),
    ...(settings["stuck_cycles"] === undefined ? {} : { stuck_cycles: stuckCycles }),
  };
}

function readItem(entry: JsonObject, n: number, index: number): SpooledItem {
  const fields = new Fields(`items[${index}].`);
  if (entry["fact"] !== undefined) {
    const fact = readFact(fields, entry["fact"]);
    return fact === null || fields.errors.length > 0
      ? { is: "refused", n, errors: fields.errors }
      : { is: "fact", n, fact };
  }
  const received = fields.number(entry["received_at"], "received_at", TIME);
  const receivedAt = must(fields, entry["received_at"], "received_at", received);
  if (entry["beat"] === undefined) fields.fault("beat", "is required, or a fact");
  if (receivedAt === null || fields.errors.length > 0) return { is: "refused", n, errors: fields.errors };
  return { is: "beat", n, receivedAt, parsed: parseBeat(entry["beat"]), body: entry["beat"] };
}

function readFact(fields: Fields, value: unknown): SupervisorFact | null {
  const fact = fields.object(value, "fact");
  if (fact === null) return fields.fault("fact", "must be an object with a type");
  const types = [
    "started",
    "start-refused",
    "start-delayed",
    "exited",
    "hung",
    "state-invalid",
    "evidence",
    "recovery",
  ] as const;
  const type = must(fields, fact["type"], "fact.type", fields.oneOf(fact["type"], "fact.type", types));
  const at = must(fields, fact["at"], "fact.at", fields.number(fact["at"], "fact.at", TIME));
  const agent = readAgentName(fields, fact["agent"], "fact.agent");
  if (type === null || at === null || agent === null) return null;
  if (type === "recovery") return { type, at, agent, recovery: readRecovery(fields, fact["recovery"]) };
  if (type === "start-delayed")
    return { type, at, agent, reason: fields.words(fact["reason"], "fact.reason", 2_000) ?? "" };
  if (type === "state-invalid") return { type, at, agent, ...readInvalidState(fields, fact) };
  const named = fields.name(fact["run_id"], "fact.run_id", BEAT_LIMITS.idLength);
  const run_id = must(fields, fact["run_id"], "fact.run_id", named) ?? "";
  switch (type) {
    case "started":
      return { type, at, agent, run_id, pid: fields.count(fact["pid"], "fact.pid") };
    case "start-refused":
      return { type, at, agent, run_id, reason: fields.words(fact["reason"], "fact.reason", 2_000) ?? "" };
    case "exited":
      return { type, at, agent, run_id, exit: readExit(fields, fact["exit"]) };
    case "hung":
      return { type, at, agent, run_id, last_beat_at: fields.number(fact["last_beat_at"], "fact.last_beat_at", TIME) };
    case "evidence":
      return { type, at, agent, run_id, ...readEvidence(fields, fact) };
  }
}

function readInvalidState(
  fields: Fields,
  fact: JsonObject,
): Pick<Extract<SupervisorFact, { type: "state-invalid" }>, "reason" | "action" | "text"> {
  const action = fields.oneOf(fact["action"], "fact.action", ["restored", "fresh", "stopped"]);
  return {
    reason: fields.words(fact["reason"], "fact.reason", 2_000) ?? "",
    action: must(fields, fact["action"], "fact.action", action) ?? "stopped",
    text: fields.words(fact["text"], "fact.text", 4_000) ?? "",
  };
}

function readEvidence(fields: Fields, fact: JsonObject): Omit<EvidenceBundle, "run_id"> {
  const why = fields.oneOf(fact["why"], "fact.why", ["hung", "crashed", "overdue"]);
  return {
    why: must(fields, fact["why"], "fact.why", why) ?? "hung",
    summary: fields.words(fact["summary"], "fact.summary", 500) ?? "",
    items: fields.list(fact["items"], "fact.items", EVIDENCE_NAMES.length).map((value, index) => {
      const path = `fact.items[${index}]`;
      const item = fields.object(value, path) ?? {};
      const name = fields.oneOf(item["name"], `${path}.name`, EVIDENCE_NAMES);
      return {
        name: must(fields, item["name"], `${path}.name`, name) ?? "process",
        text: fields.words(item["text"], `${path}.text`, MAX_EVIDENCE_TEXT) ?? "",
      };
    }),
  };
}

type ExitFact = Extract<SupervisorFact, { type: "exited" }>["exit"];

function readExit(fields: Fields, value: unknown): ExitFact {
  const exit = fields.object(value, "fact.exit") ?? {};
  must(fields, value, "fact.exit", exit);
  const reasons = ["hung", "command", "budget", "shutdown", "overdue"] as const;
  return {
    code: fields.count(exit["code"], "fact.exit.code"),
    signal: fields.name(exit["signal"], "fact.exit.signal", 32),
    stopped_for: fields.oneOf(exit["stopped_for"], "fact.exit.stopped_for", reasons),
    oom: readOutOfMemory(fields, exit["oom"]),
    last_lines: fields
      .list(exit["last_lines"], "fact.exit.last_lines", MAX_LAST_LINES)
      .map((line, index) => fields.words(line, `fact.exit.last_lines[${index}]`, 4_000) ?? ""),
  };
}

function readOutOfMemory(fields: Fields, value: unknown): ExitFact["oom"] {
  // Supervisors before 0.2 said yes or no, and a spool of theirs may still come.
  if (value === false) return null;
  if (value === true) return { confidence: "likely", seen: "its supervisor said so" };
  const oom = fields.object(value, "fact.exit.oom");
  if (oom === null) return null;
  const path = "fact.exit.oom.confidence";
  const confidence = fields.oneOf(oom["confidence"], path, ["certain", "likely"]);
  return {
    confidence: must(fields, oom["confidence"], path, confidence) ?? "likely",
    seen: fields.words(oom["seen"], "fact.exit.oom.seen", 500) ?? "",
  };
}

type RecoveryFact = Extract<SupervisorFact, { type: "recovery" }>["recovery"];

function readRecovery(fields: Fields, value: unknown): RecoveryFact {
  const given = fields.object(value, "fact.recovery") ?? {};
  must(fields, value, "fact.recovery", given);
  const at = (key: string): string => `fact.recovery.${key}`;
  const time = (key: string): number | null => fields.number(given[key], at(key), TIME);
  return {
    phase: must(fields, given["phase"], at("phase"), fields.oneOf(given["phase"], at("phase"), PHASES)) ?? "idle",
    attempt: fields.count(given["attempt"], at("attempt")) ?? 0,
    of: fields.count(given["of"], at("of")) ?? 0,
    until: time("until"),
    started_at: time("started_at"),
    run_id: fields.name(given["run_id"], at("run_id"), BEAT_LIMITS.idLength),
    pid: fields.count(given["pid"], at("pid")),
    reason: fields.words(given["reason"], at("reason"), 2_000),
    restarts: fields
      .list(given["restarts"], at("restarts"), 1_000)
      .map((restart, index) => fields.number(restart, `${at("restarts")}[${index}]`, TIME) ?? 0),
    trouble_since: time("trouble_since"),
  };
}
