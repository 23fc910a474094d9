// The flags of `midwatch run` that say how an agent is kept. They are the words of the file's `defaults:`, with its bounds
// and its explanations, so that neither can do what the other cannot.

import { InvalidArgumentError, Option, type Command } from "commander";
import type { AgentDefaults } from "./config/config.ts";
import type { LimitChanges } from "./config/cost-config.ts";
import { checkField } from "./config/field-value.ts";
import { policyFields, type Field, type Fields } from "./config/fields.ts";

/** What the parser hands over: checked, durations in milliseconds. */
export interface PolicyFlags {
  readonly interval?: number;
  readonly missedLimit?: number;
  readonly restart?: AgentDefaults["restart"];
  readonly cooldown?: number;
  readonly maxRestarts?: number;
  readonly maxRestartsPerDay?: number;
  readonly probation?: number;
  readonly startup?: number;
  readonly stopAnnounce?: number;
  readonly stopGrace?: number;
  readonly stopLimit?: number;
  readonly liveness?: AgentDefaults["liveness"];
  readonly budget?: LimitChanges;
  readonly onRunaway?: AgentDefaults["onRunaway"];
  readonly detector?: AgentDefaults["detector"];
  readonly stuckCycles?: number;
  /** True when it was not given: the parser takes `--no-…` for a switch that is on. */
  readonly telemetry?: boolean;
}

/** What flags say of how an agent is kept. A budget changes single limits of the one in the file. */
export type GivenPolicy = Partial<Omit<AgentDefaults, "budget">> & { readonly budget?: LimitChanges };

export function withPolicy(command: Command): Command {
  for (const [name, field] of Object.entries(policyFields)) {
    if (field.type === "flag") {
      command.option(`--no-${name}`, `Not: ${field.about}`);
      continue;
    }
    const option = new Option(`--${name.replaceAll("_", "-")} <${placeholderOf(field)}>`, field.about);
    command.addOption(option.argParser((text) => valueOf(text, field)));
  }
  return command;
}

/** Only what was given: the rest comes from the file. */
export function policyOf(flags: PolicyFlags): GivenPolicy {
  const given: { [K in keyof AgentDefaults]: GivenPolicy[K] | undefined } = {
    intervalMs: flags.interval,
    missedLimit: flags.missedLimit,
    restart: flags.restart,
    cooldownMs: flags.cooldown,
    maxRestarts: flags.maxRestarts,
    maxRestartsPerDay: flags.maxRestartsPerDay,
    probationMs: flags.probation,
    startupMs: flags.startup,
    stopAnnounceMs: flags.stopAnnounce,
    stopGraceMs: flags.stopGrace,
    stopLimitMs: flags.stopLimit,
    liveness: flags.liveness,
    budget: flags.budget,
    onRunaway: flags.onRunaway,
    detector: flags.detector,
    stuckCycles: flags.stuckCycles,
    telemetry: flags.telemetry === false ? false : undefined,
  };
  return Object.fromEntries(Object.entries(given).filter(([, value]) => value !== undefined));
}

function valueOf(text: string, field: Field): unknown {
  if (field.type === "group") return groupOf(text, field.of);
  const isNumber = (field.type === "count" || field.type === "usd") && /^\d+(?:\.\d+)?$/.test(text);
  const checked = checkField(isNumber ? Number(text) : text, field);
  if (!checked.ok)
    throw new InvalidArgumentError(checked.wrong.startsWith("must") ? `It ${checked.wrong}.` : checked.wrong);
  return checked.value;
}

/** `usd_per_day=5,tokens_per_cycle=200000` */
function groupOf(text: string, fields: Fields): unknown {
  const pairs = text.split(",").map((pair): [string, unknown] => {
    const [, name = "", value = ""] = /^\s*([^=]*?)\s*=\s*(.*?)\s*$/.exec(pair) ?? [];
    const field = Object.hasOwn(fields, name) ? fields[name] : undefined;
    if (!field) {
      const known = Object.keys(fields).join(", ");
      throw new InvalidArgumentError(`"${pair}" is not a name and its value, like usd_per_day=5; there are ${known}.`);
    }
    return [name, valueOf(value, field)];
  });
  return Object.fromEntries(pairs);
}

function placeholderOf(field: Field): string {
  switch (field.type) {
    case "duration":
      return "duration";
    case "count":
      return "n";
    case "choice":
      return field.of.join("|");
    case "group":
      return "name=n,…";
    case "usd":
    case "price":
    case "text":
    case "texts":
    case "environment":
    case "rows":
    case "named":
    case "flag":
      return "value";
  }
}
