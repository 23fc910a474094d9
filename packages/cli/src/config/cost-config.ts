// What the file says of money: prices of models, and budgets.

import { LIMIT_NAMES } from "@midwatch/protocol";
import type { BudgetLimits, LimitName } from "@midwatch/core";
import type { OwnPrice, OwnPrices } from "@midwatch/server";
import type { YAMLMap } from "yaml";
import type { Budgets } from "./config.ts";
import { budgetFields, priceFields, sharedLimitFields } from "./fields.ts";
import type { Values, YamlFile } from "./yaml-file.ts";

/** What a budget says: a limit, or null to take one away. Dollars as micro-dollars. */
export type LimitChanges = Readonly<Partial<Record<LimitName, number | null>>>;

/** Longer than any model's name. */
const longestModel = 200;
const longestTag = 64;

/** Single limits of a budget replaced or taken away. */
export function withLimits(limits: BudgetLimits, changes: LimitChanges): BudgetLimits {
  const result: Partial<Record<LimitName, number>> = {};
  for (const name of LIMIT_NAMES) {
    const limit = changes[name] === undefined ? limits[name] : changes[name];
    if (limit !== undefined && limit !== null) result[name] = limit;
  }
  return result;
}

export function readBudgets(yaml: YamlFile, root: YAMLMap | null): Budgets {
  const map = yaml.map(root?.get("budgets", true), "budgets");
  const known = [...Object.keys(budgetFields), "tags"];
  for (const [key, at] of yaml.keys(map))
    if (!known.includes(key)) yaml.complain(at, `budgets has no setting "${key}"; there are ${known.join(", ")}`);
  const byTag = yaml.map(map?.get("tags", true), "budgets.tags");
  const tags = yaml.keys(byTag).map(([tag, at]): [string, BudgetLimits] => {
    if (tag === "" || tag.length > longestTag)
      yaml.complain(at, `"${tag}" is not a tag: 1 to ${longestTag} characters`);
    return [tag, limitsOf(yaml.fields(byTag?.get(tag, true), `budgets.tags.${tag}`, sharedLimitFields))];
  });
  const install = yaml.fields(map?.get("install", true), "budgets.install", sharedLimitFields);
  return { install: limitsOf(install), tags: Object.fromEntries(tags) };
}

export function readPrices(yaml: YamlFile, root: YAMLMap | null): OwnPrices {
  const map = yaml.map(root?.get("prices", true), "prices");
  return yaml.keys(map).map(([model, at]) => {
    const where = `prices.${model}`;
    if (model === "" || model.length > longestModel)
      yaml.complain(at, `"${model}" is not the name of a model: 1 to ${longestModel} characters`);
    const node = yaml.map(map?.get(model, true), where);
    const given = yaml.keys(node).map(([key]) => key);
    const values = yaml.fields(node, where, priceFields);
    const isFree = values["local"] === true && !given.some((key) => priceNames.includes(key));
    for (const needed of isFree ? [] : ["input", "output"]) {
      if (!given.includes(needed))
        yaml.complain(at, `${where} has no "${needed}"; give both, or \`local: true\` alone`);
    }
    return priceOf(model, values, isFree);
  });
}

const priceNames = ["input", "output", "cache_read", "cache_write"];

/** What was refused is complained of already; then nobody sees the 0 in its place. */
function priceOf(model: string, values: Values, isFree: boolean): OwnPrice {
  const number = (key: string): number | null => (values[key] as number | undefined) ?? null;
  const rates = {
    input: number("input") ?? 0,
    output: number("output") ?? 0,
    cacheRead: number("cache_read"),
    cacheWrite: number("cache_write"),
  };
  return { model, provider: (values["provider"] as string | undefined) ?? null, rates: isFree ? null : rates };
}

/** Limits that came from a table whose limits cannot be null. */
function limitsOf(values: Values): BudgetLimits {
  return withLimits({}, values);
}
