// The flags of `midwatch run` that say how an agent is kept. They are the words of the file's `defaults:`, with its bounds
// and its explanations, so that neither can do what the other cannot.

import { InvalidArgumentError, Option, type Command } from "commander";
import type { AgentDefaults } from "./config/config.ts";
import { checkField } from "./config/field-value.ts";
import { policyFields, type Field } from "./config/fields.ts";

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
  /** True when it was not given: the parser takes `--no-…` for a switch that is on. */
  readonly telemetry?: boolean;
}

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
export function policyOf(flags: PolicyFlags): Partial<AgentDefaults> {
  const given: { [K in keyof AgentDefaults]?: AgentDefaults[K] | undefined } = {
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
    telemetry: flags.telemetry === false ? false : undefined,
  };
  return Object.fromEntries(Object.entries(given).filter(([, value]) => value !== undefined));
}

function valueOf(text: string, field: Field): unknown {
  const checked = checkField(field.type === "count" && /^\d+$/.test(text) ? Number(text) : text, field);
  if (!checked.ok)
    throw new InvalidArgumentError(checked.wrong.startsWith("must") ? `It ${checked.wrong}.` : checked.wrong);
  return checked.value;
}

function placeholderOf(field: Field): string {
  switch (field.type) {
    case "duration":
      return "duration";
    case "count":
      return "n";
    case "choice":
      return field.of.join("|");
    case "text":
    case "texts":
    case "environment":
    case "rows":
    case "named":
    case "flag":
      return "value";
  }
}
