// The words of midwatch.yaml, once: the reader checks the file against these tables, and the JSON Schema for editors
// is generated from them, so that neither can say what the other does not.

import { BUDGET_PERIODS, BUDGET_UNITS, type BudgetPeriod } from "@midwatch/core";
import { builtInNames, SHAPES } from "@midwatch/meter/providers";
import { channelTypes } from "@midwatch/server/channels";

/** From Monday on, as ISO 8601 counts them. */
export const weekdays = ["mon", "tue", "wed", "thu", "fri", "sat", "sun"] as const;

export type Field =
  | { readonly type: "duration"; readonly least: string; readonly most: string; readonly about: string }
  | {
      readonly type: "count";
      readonly least: number;
      readonly most: number;
      readonly about: string;
      /** What null says, where that is different from leaving it out. */
      readonly none?: string;
    }
  /** US dollars; as micro-dollars when it is read. */
  | { readonly type: "usd"; readonly about: string; readonly none?: string }
  /** US dollars for a million tokens. */
  | { readonly type: "price"; readonly about: string }
  | { readonly type: "choice"; readonly of: readonly string[]; readonly about: string }
  | {
      readonly type: "text";
      readonly about: string;
      readonly pattern?: RegExp;
      readonly shape?: string;
      readonly mayHoldSecret?: true;
    }
  | { readonly type: "texts"; readonly about: string }
  | { readonly type: "environment"; readonly about: string }
  /** A list of mappings, each with these fields. */
  | { readonly type: "rows"; readonly of: Fields; readonly required: readonly string[]; readonly about: string }
  /** One mapping with these fields. */
  | { readonly type: "group"; readonly of: Fields; readonly about: string }
  /** A mapping of names to mappings, each with these fields. */
  | { readonly type: "named"; readonly of: Fields; readonly names: RegExp; readonly about: string }
  | { readonly type: "flag"; readonly about: string };

export interface Fields {
  readonly [name: string]: Field;
}

export const serverFields: Fields = {
  listen: {
    type: "text",
    pattern: /^.+:\d{1,5}$/,
    shape: "host:port, like 127.0.0.1:4004",
    about: "Where the server listens. Anything but loopback needs a key made with `midwatch key create`.",
  },
  data: { type: "text", about: "Folder of everything Midwatch remembers, relative to this file. Default .midwatch." },
  timezone: { type: "text", about: "IANA time zone of reports, like Europe/Berlin. Default: the machine's own." },
  public_url: {
    type: "text",
    pattern: /^https?:\/\/(?:\[[0-9A-Fa-f:.]+\]|[\w.-]+)(?::\d{1,5})?\/?$/,
    shape: "an address without user, password or path, like https://midwatch.example.org",
    // A password in it is a mistake, and must not be repeated by the message about it.
    mayHoldSecret: true,
    about:
      "Where people reach this server. With it messages link to pages and to actions; without it they have no links.",
  },
  strict: { type: "flag", about: "Refuse beats of agents nobody registered. Default false." },
  allow_exec: { type: "flag", about: "Let channels of the type exec run programs of this machine. Default false." },
};

const periodWords: Readonly<Record<BudgetPeriod, string>> = {
  cycle: "one turn of the loop",
  hour: "an hour of the clock",
  day: "a day in the server's time zone",
  month: "a calendar month in the server's time zone",
};

const perAgent = "Null takes away what `defaults:` says.";

/** The limits of a budget, by their names: `usd_per_day`. */
function limitFields(periods: readonly BudgetPeriod[], none: { readonly none?: string }): Fields {
  const limits = periods.flatMap((period) =>
    BUDGET_UNITS.map((unit): [string, Field] => {
      const name = `${unit}_per_${period}`;
      const within = `in ${periodWords[period]}, at most`;
      return unit === "usd"
        ? [name, { type: "usd", about: `US dollars ${within}.`, ...none }]
        : [name, { type: "count", least: 1, most: 1_000_000_000_000, about: `Tokens ${within}.`, ...none }];
    }),
  );
  return Object.fromEntries(limits);
}

const agentLimitFields = limitFields(BUDGET_PERIODS, { none: perAgent });

/** Of several agents together, which have no cycle in common. */
export const sharedLimitFields = limitFields(
  BUDGET_PERIODS.filter((period) => period !== "cycle"),
  {},
);

export const budgetFields: Fields = {
  install: { type: "group", of: sharedLimitFields, about: "All agents of this installation together." },
};

/** Beside `budgetFields`: limits by tag. */
export const tagBudgetsAbout = "All agents with a tag together, by the tag.";

export const priceFields: Fields = {
  provider: { type: "text", about: "Only for calls of this provider. Default: whoever the provider is." },
  input: { type: "price", about: "US dollars for a million tokens of input." },
  output: { type: "price", about: "US dollars for a million tokens of output." },
  cache_read: { type: "price", about: "For a million tokens read from the cache. Default: as other input." },
  cache_write: { type: "price", about: "For a million tokens written to the cache. Default: as other input." },
  local: {
    type: "flag",
    about: "It runs on a machine of yours: it costs nothing, and that is said so. Default false.",
  },
};

export const policyFields: Fields = {
  interval: {
    type: "duration",
    least: "1s",
    most: "31d",
    about: "The longest time between two beats. Default: what the beats declare, else learned from 60 s.",
  },
  missed_limit: { type: "count", least: 1, most: 100, about: "Missed beats before the agent is down. Default 2." },
  restart: {
    type: "choice",
    of: ["always", "on-failure", "never"],
    about: "When to start an ended agent again. Default always.",
  },
  cooldown: {
    type: "duration",
    least: "0s",
    most: "1d",
    about: "Least time from one restart to the next. Default 5m.",
  },
  max_restarts: {
    type: "count",
    least: 0,
    most: 100,
    about: "Failed restarts in a row before a human is asked. Default 3.",
  },
  max_restarts_per_day: {
    type: "count",
    least: 0,
    most: 1_000,
    about: "Automatic restarts within 24 h before a human is asked, however slowly it crashes. Default 6.",
  },
  probation: {
    type: "duration",
    least: "0s",
    most: "1d",
    about: "How long a restarted agent must stay healthy. Default 10m.",
  },
  startup: { type: "duration", least: "1s", most: "1d", about: "From start to the first beat. Default 2m." },
  stop_announce: {
    type: "duration",
    least: "0s",
    most: "1h",
    about: "From being told to stop, in the answers to its beats, to TERM. Default 0s.",
  },
  stop_grace: { type: "duration", least: "0s", most: "1h", about: "From TERM to KILL. Default 10s." },
  stop_limit: {
    type: "duration",
    least: "0s",
    most: "1d",
    about: "From TERM to KILL at most, when the agent asks for more time by a lease. Default 5m.",
  },
  liveness: {
    type: "choice",
    of: ["beats", "process"],
    about: "What counts as life. `process` is weaker: a hang is not noticed. Default beats.",
  },
  budget: {
    type: "group",
    of: agentLimitFields,
    about: "What the agent may use at most. 80 % warns, 100 % pauses it. Default: no limit.",
  },
  on_runaway: {
    type: "choice",
    of: ["page", "pause"],
    about: "What a possible loop does: page a person, or pause the agent as well. Default page.",
  },
  detector: {
    type: "choice",
    of: ["on", "shadow"],
    about: "The loop detector. `shadow` decides and records, and notifies nobody. Default on.",
  },
  stuck_cycles: {
    type: "count",
    least: 1,
    most: 1_000_000,
    about: "Cycles in which `progress` does not change before the agent is stuck. Default: off.",
    none: perAgent,
  },
  telemetry: {
    type: "flag",
    about: "Have OpenTelemetry in the agent report to the server, where it was not set up otherwise. Default true.",
  },
};

const providerFields: Fields = {
  url: {
    type: "text",
    pattern: /^https?:\/\/[^\s?#]+$/,
    shape: "an address, like https://llm.example.org",
    about: "Where its API is; what follows the provider's name in the path is appended.",
  },
  shape: { type: "choice", of: SHAPES, about: "Whose words its errors are in. Default openai." },
  price_as: { type: "text", about: "What the price tables call it. Default: its name here." },
};

export const meterFields: Fields = {
  listen: {
    type: "text",
    pattern: /^.+:\d{1,5}$/,
    shape: "host:port, like 127.0.0.1:4005",
    about: "Where the meter listens. Anything but loopback needs a key in the path. Default 127.0.0.1:4005.",
  },
  max_calls: { type: "count", least: 1, most: 100_000, about: "Calls under way at one time. Default 2000." },
  providers: {
    type: "named",
    of: providerFields,
    names: /^[A-Za-z0-9][\w.-]{0,49}$/,
    about: `Providers beside the built-in ones (${builtInNames.join(", ")}), or another address for one of those.`,
  },
};

/** What is kept: exactly one of them for each agent. */
export const targetFields = {
  run: { type: "text", about: "The command, as you would type it in a shell." },
  docker: { type: "text", about: "A container to keep, by its name." },
  systemd: {
    type: "text",
    about: "A systemd unit to keep, like bot.service. `user/bot.service` is a unit of this user.",
  },
  launchd: { type: "text", about: "A launchd job to keep, by its label." },
} as const satisfies Fields;

const stateFields: Fields = {
  path: { type: "text", about: "The file, relative to the agent's folder." },
  check: {
    type: "choice",
    of: ["json", "jsonl", "sqlite", "envelope", "none"],
    about: "What makes it good. `envelope` is the SDKs' state file. Default: by its name, else none.",
  },
  keep: { type: "count", least: 0, most: 20, about: "Last known good generations to keep. Default 3." },
};

export const agentFields: Fields = {
  ...targetFields,
  cwd: { type: "text", about: "Folder to run in, relative to this file. Default: the folder of this file." },
  env: { type: "environment", about: "Environment variables for the agent." },
  tags: { type: "texts", about: "Words to find and group agents by." },
  meter: { type: "texts", about: "Providers whose calls go through the meter, like [openai, anthropic]." },
  after: { type: "texts", about: "Agents that are started before this one, and stopped after it." },
  state: {
    type: "rows",
    of: stateFields,
    required: ["path"],
    about: "Files it goes on from; looked at before each start.",
  },
  validate: {
    type: "text",
    about: "A command that looks at its state before each start: exit status 0 good, 10 repaired, 20 unusable.",
  },
  validate_timeout: { type: "duration", least: "1s", most: "1h", about: "How long `validate` may take. Default 30s." },
  on_invalid: {
    type: "choice",
    of: ["restore", "fresh", "stop"],
    about: "Unusable state: go back to the last good one, start without, or stay down and ask. Default restore.",
  },
  ...policyFields,
};

export const reportFields: Fields = {
  at: {
    type: "text",
    pattern: /^([01]\d|2[0-3]):[0-5]\d$/,
    shape: 'a time of day, like "08:00"',
    about: "Local time of the reports. Without it none is sent.",
  },
  to: { type: "texts", about: "Names of the channels that get the reports. Default: those of alerts." },
  daily: { type: "flag", about: "Each day, about the day before. Default true." },
  weekly: {
    type: "choice",
    of: weekdays,
    about: "On this day of the week, about the last whole week, Monday to Sunday. Default: never.",
  },
  monthly: {
    type: "count",
    least: 1,
    most: 28,
    about: "On this day of the month, about the month before. Default: never.",
  },
};

export const watcherFields: Fields = {
  url: {
    type: "text",
    pattern: /^https?:\/\/\S+$/,
    shape: "a whole URL, like https://hc-ping.com/your-id",
    about: "What is called. With a key, the heartbeat address of another Midwatch: https://…/api/v1/heartbeat.",
  },
  key: { type: "text", about: "An ingest key of the other Midwatch. Without one the URL is called with GET." },
  agent: { type: "text", about: "How this server is called there. Default midwatch@ and the name of this machine." },
  every: { type: "duration", least: "10s", most: "1d", about: "How often. Default 60s." },
  allow_private: { type: "flag", about: "The URL may be on this machine or in a private network. Default false." },
};

export const sections: Readonly<Record<string, string>> = {
  server: "The server on this machine.",
  meter: "The metering proxy on this machine, which counts LLM calls; `up` runs it when this section is there.",
  defaults: "What agents have in common.",
  agents: "The agents the supervisor keeps, by name.",
  budgets: "What several agents may use together.",
  prices: "What models cost that the price tables don't know, or know wrongly, by name. `*` stands for any characters.",
  channels: `Where notifications go, by name. Each has a type: ${channelTypes.join(", ")}.`,
  alerts: "Who is told.",
  watcher: "What elsewhere expects a sign of life of this server, and tells people when none comes.",
  report: "Reports of days, weeks and months.",
};
