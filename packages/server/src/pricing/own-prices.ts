// The price table of the settings. It wins over the shipped tables: whoever has a contract knows better.

import { createHash } from "node:crypto";
import { matchesGlob } from "../keys/glob.ts";
import { bareModel, providerName, type ModelName } from "./model-name.ts";
import type { Tariff } from "./tariff.ts";
import type { TokenRates } from "./token-rates.ts";

/** One line of it. */
export interface OwnPrice {
  /** The model's name, whatever its case; `*` stands for any characters. */
  readonly model: string;
  /** Whose calls it holds for; null is everyone's. */
  readonly provider: string | null;
  /** What tokens cost. Null only for a local model: its cost is 0. */
  readonly rates: OwnRates | null;
}

/** US dollars for a million tokens. Without a price of their own, cached tokens cost what other input costs. */
export interface OwnRates {
  readonly input: number;
  readonly output: number;
  readonly cacheRead: number | null;
  readonly cacheWrite: number | null;
}

export type OwnPrices = readonly OwnPrice[];

const free: OwnRates = { input: 0, output: 0, cacheRead: null, cacheWrite: null };

/** Names this table by what stands in it. */
export function ownVersion(prices: OwnPrices): string {
  const lines = prices.map(({ model, provider, rates }) => JSON.stringify([model, provider, rates])).toSorted();
  return `own:${createHash("sha256").update(lines.join("\n")).digest("hex").slice(0, 8)}`;
}

/** How to find a model's line: the most exact name wins, and of equal ones the one that names a provider. */
export function ownTariffs(prices: OwnPrices): (name: ModelName) => Tariff | null {
  const version = ownVersion(prices);
  const lines = prices
    .map(({ model, provider, rates }) => ({
      pattern: model.trim().toLowerCase(),
      provider: provider === null ? null : providerName(provider),
      tariff: tariffOf(rates, version),
    }))
    .toSorted((a, b) => exactness(b) - exactness(a));
  return ({ provider, model }) => {
    const known = provider === null ? null : providerName(provider);
    const names = [model.trim().toLowerCase(), bareModel(model).toLowerCase()];
    const line = lines.find((one) => isFor(one, known) && names.some((name) => matchesGlob(one.pattern, name)));
    return line?.tariff ?? null;
  };
}

interface Line {
  readonly pattern: string;
  readonly provider: string | null;
}

/** A call that names no provider fits a line that does only when that has the model's whole name. */
function isFor(line: Line, provider: string | null): boolean {
  if (line.provider === null || line.provider === provider) return true;
  return provider === null && !line.pattern.includes("*");
}

function exactness({ pattern, provider }: Line): number {
  const letters = pattern.replaceAll("*", "").length;
  const isWhole = letters === pattern.length;
  return (isWhole ? 1_000_000 : 0) + 2 * letters + (provider === null ? 0 : 1);
}

function tariffOf(rates: OwnRates | null, version: string): Tariff {
  const spelled: TokenRates = { ...(rates ?? free), reasoning: null, perCall: 0 };
  return { by: rates === null ? "local" : "own", version, ratesAt: () => spelled };
}
