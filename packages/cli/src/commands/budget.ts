import { spellDuration } from "@midwatch/core";
import { LIMIT_NAMES, type AgentView, type LimitView, type SharedBudgetView } from "@midwatch/protocol";
import { call, callPages, type Target } from "../client.ts";
import { CommandFailure } from "../failure.ts";
import { spellAmountOf } from "../spell-amounts.ts";
import { clean, table } from "../terminal.ts";

/** What is meant: one agent, all of them together, or those with a tag. */
export type BudgetOf =
  | { readonly of: "agent"; readonly name: string }
  | { readonly of: "shared"; readonly name: string }
  /** Every budget there is. */
  | { readonly of: "everything" };

const levelStyles = { within: "green", near: "yellow", exceeded: "red" } as const;

/** Reads the words after `midwatch budget`: an agent comes before its limits, and is left out for a shared budget. */
export function budgetAsked(
  words: readonly string[],
  options: { readonly install?: boolean; readonly tag?: string },
): { readonly which: BudgetOf; readonly limits: readonly string[] } {
  const [first] = words;
  const agent = first !== undefined && !first.includes("=") ? first : undefined;
  const limits = agent === undefined ? words : words.slice(1);
  const named = [agent !== undefined, options.install === true, options.tag !== undefined].filter(Boolean).length;
  if (named > 1) throw new CommandFailure(2, "Name one of them: an agent, --install, or --tag TAG.");
  if (agent !== undefined) return { which: { of: "agent", name: agent }, limits };
  if (options.install === true) return { which: { of: "shared", name: "install" }, limits };
  if (options.tag !== undefined) return { which: { of: "shared", name: `tag:${options.tag}` }, limits };
  return { which: { of: "everything" }, limits };
}

/** `midwatch budget`: how budgets stand, or sets limits and says how they stand then. */
export async function budget(
  target: Target,
  which: BudgetOf,
  options: { readonly limits: readonly string[]; readonly json: boolean },
): Promise<void> {
  if (options.limits.length > 0) await setLimits(target, which, limitsOf(options.limits));
  const rows = await readBudgets(target, which);
  if (options.json) {
    process.stdout.write(`${JSON.stringify(rows, null, 2)}\n`);
    return;
  }
  const lines = rows.flatMap(({ name, limits }) => limits.map((limit) => ({ name, limit })));
  if (lines.length === 0) {
    const subject =
      which.of === "agent" ? clean(which.name) : which.of === "shared" ? `--${which.name.replace(":", " ")}` : "AGENT";
    process.stdout.write(`No budget is set. Set one: midwatch budget ${subject} usd_per_day=5\n`);
    return;
  }
  const now = Date.now();
  process.stdout.write(
    `${table(
      lines.map(({ name, limit }) => [clean(name), ...cellsOf(limit, now)]),
      lines.map(({ limit }) => [null, null, null, levelStyles[limit.level]]),
    )}\n`,
  );
}

function cellsOf(limit: LimitView, now: number): string[] {
  const { name, spent, until, unpriced_tokens: unpriced } = limit;
  const unit = name.startsWith("usd") ? "usd" : "tokens";
  const part = `${Math.floor((100 * spent) / limit.limit)} %`;
  const notes = [
    ...(until === null ? [] : [`begins anew in ${spellDuration(Math.max(0, Date.parse(until) - now))}`]),
    ...(unit === "usd" && unpriced > 0 ? [`${spellAmountOf("tokens", unpriced)} without a price are not in this`] : []),
  ];
  return [name, `${spellAmountOf(unit, spent)} of ${spellAmountOf(unit, limit.limit)}`, part, notes.join("; ")];
}

async function readBudgets(target: Target, which: BudgetOf): Promise<SharedBudgetView[]> {
  if (which.of === "agent") {
    const agent = await call<AgentView>(target, "GET", `/api/v1/agents/${encodeURIComponent(which.name)}`);
    return [{ name: agent.name, limits: agent.budget }];
  }
  const { items } = await call<{ items: SharedBudgetView[] }>(target, "GET", "/api/v1/budgets");
  if (which.of === "shared") return items.filter(({ name }) => name === which.name);
  const agents = await callPages<AgentView>(target, "/api/v1/agents", 10_000);
  const own = agents.map(({ name, budget: limits }) => ({ name, limits }));
  return [...items, ...own.filter(({ limits }) => limits.length > 0)];
}

async function setLimits(
  target: Target,
  which: BudgetOf,
  limits: Readonly<Record<string, number | null>>,
): Promise<void> {
  switch (which.of) {
    case "agent":
      await call(target, "PATCH", `/api/v1/agents/${encodeURIComponent(which.name)}`, { budget: limits });
      return;
    case "shared":
      await call(target, "PATCH", `/api/v1/budgets/${encodeURIComponent(which.name)}`, limits);
      return;
    case "everything":
      throw new CommandFailure(
        2,
        "Say whose budget it is: midwatch budget AGENT LIMIT=AMOUNT, or --install, or --tag TAG.",
      );
  }
}

/** "usd_per_day=5", "tokens_per_hour=2000000"; "usd_per_day=" goes back to what the configuration says. */
function limitsOf(texts: readonly string[]): Readonly<Record<string, number | null>> {
  const limits = texts.map((text) => {
    const [, name = "", amount = ""] = /^([a-z_]+)=\$?([\d_]*\.?\d*)$/.exec(text) ?? [];
    if (name === "") {
      throw new CommandFailure(
        2,
        `"${text}" is no limit: write it like usd_per_day=5 or tokens_per_hour=2000000, and usd_per_day= to go back to the configuration.`,
      );
    }
    if (!LIMIT_NAMES.some((limit) => limit === name)) {
      throw new CommandFailure(2, `There is no limit "${name}"; there are ${LIMIT_NAMES.join(", ")}.`);
    }
    return [name, amount === "" ? null : Number(amount.replaceAll("_", ""))] as const;
  });
  return Object.fromEntries(limits);
}
