// The `meter:` section, and which agents may name providers, from their checked values.

import { builtInNames, type ProviderSettings, type Shape } from "@midwatch/meter/providers";
import { baseUrlVariables } from "../meter-variables.ts";
import { meterDefaults, type KeptAgent, type MeterConfig } from "./config.ts";
import { splitListen } from "./listen-address.ts";

type Values = Readonly<Record<string, unknown>>;

export function meterOf(values: Values): MeterConfig {
  const [host, port] = splitListen(
    (values["listen"] as string | undefined) ?? `${meterDefaults.host}:${meterDefaults.port}`,
  );
  return {
    host,
    port,
    maxCalls: (values["max_calls"] as number | undefined) ?? meterDefaults.maxCalls,
    providers: Object.fromEntries(
      Object.entries(providersIn(values)).map(([name, given]) => [name, providerOf(given)]),
    ),
  };
}

/** Providers that are not built in and say nowhere where they are. */
export function unplacedProviders(values: Values): readonly string[] {
  return Object.entries(providersIn(values))
    .filter(([name, given]) => given["url"] === undefined && !builtInNames.includes(name))
    .map(([name]) => name);
}

/** What is wrong with an agent's `meter`, or null. */
export function meteredProblem({ name, meter, target }: KeptAgent): string | null {
  if (meter.length === 0) return null;
  const variables = Object.keys(baseUrlVariables);
  const unknown = meter.find((provider) => !variables.includes(provider));
  if (unknown !== undefined) {
    return `agents.${name}.meter names "${unknown}"; there are ${variables.join(", ")}. Clients of other providers read no variable: give them the meter's address in their code`;
  }
  if (target.platform === "process") return null;
  const all = meter.map((provider) => baseUrlVariables[provider]?.variable).join(" and ");
  return `agents.${name}.meter works with "run" only: what ${target.platform} runs has an environment of its own. Set ${all} there`;
}

function providersIn(values: Values): Readonly<Record<string, Values>> {
  return (values["providers"] as Record<string, Values> | undefined) ?? {};
}

function providerOf(given: Values): ProviderSettings {
  return {
    ...(given["url"] === undefined ? {} : { url: given["url"] as string }),
    ...(given["shape"] === undefined ? {} : { shape: given["shape"] as Shape }),
    ...(given["price_as"] === undefined ? {} : { priceAs: given["price_as"] as string }),
  };
}
