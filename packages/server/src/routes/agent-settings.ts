import { INCIDENT_KINDS, SECOND, type AgentSettings, type HistoryEntry } from "@midwatch/core";
import { limitsToWire } from "@midwatch/protocol";
import { Type, type Static } from "typebox";
import type { ApiContext, App } from "../http/api-context.ts";
import type { AgentOutcome } from "../ledger/fold-agents.ts";
import { mergedLimits, withOverrides, type SettingsPatch } from "../settings.ts";
import { requireAccess } from "./access.ts";
import { BudgetBody, limitsOf } from "./budget-body.ts";
import { findAgent } from "./find-agent.ts";
import { AgentParams, errorAnswers } from "./schemas.ts";

const month = 31 * 24 * 3_600;
const spanS = (least: number, description: string) =>
  orClear(Type.Number({ minimum: least, maximum: month, description }));
const count = (least: number, most: number, description: string) =>
  orClear(Type.Integer({ minimum: least, maximum: most, description }));

function orClear<T extends Parameters<typeof Type.Union>[0][number]>(schema: T) {
  return Type.Optional(Type.Union([schema, Type.Null()]));
}

const Severity = Type.Union([Type.Literal("page"), Type.Literal("warn"), Type.Literal("info")]);

/** What an operator may set for one agent; null goes back to what would hold without. */
const PatchSchema = Type.Object(
  {
    interval_s: spanS(1, "Longest time between two beats; overrides what beats declare"),
    grace_s: spanS(0, "How late a beat may be"),
    missed_limit: count(1, 1_000, "Missed beats in a row that count as down"),
    startup_s: spanS(1, "From first known to the first beat"),
    drain_s: spanS(1, "From an announced shutdown to its end"),
    max_lease_s: spanS(0, "Longest wait a beat may declare"),
    liveness: orClear(Type.Union([Type.Literal("beats"), Type.Literal("process")])),
    failing_limit: count(1, 1_000, "Error beats in a row that open `failing`"),
    stuck_cycles: count(1, 1_000_000, "Cycles without progress that open `stuck`; null is off"),
    clock_skew_s: spanS(1, "How far the agent's clock may be off"),
    floor_tokens: count(0, 1_000_000_000, "Cycles at or below this are never news"),
    cap_tokens: count(1, 1_000_000_000_000, "Tokens in one cycle that page while there is no baseline"),
    on_runaway: orClear(Type.Union([Type.Literal("page"), Type.Literal("pause")])),
    detector: orClear(
      Type.Union([Type.Literal("on"), Type.Literal("shadow")], {
        description: "`shadow`: the cost detectors decide and record, and nobody is told",
      }),
    ),
    polling_tools: orClear(
      Type.Array(Type.String({ minLength: 1, maxLength: 128 }), {
        maxItems: 64,
        description: "Tools that are meant to be called again and again with the same arguments",
      }),
    ),
    budget: orClear(BudgetBody),
    severities: orClear(
      Type.Object(Object.fromEntries(INCIDENT_KINDS.map((kind) => [kind, Type.Optional(Severity)])), {
        additionalProperties: false,
      }),
    ),
    tags: orClear(Type.Array(Type.String({ minLength: 1, maxLength: 64 }), { maxItems: 64 })),
  },
  { additionalProperties: false },
);

type Patch = Static<typeof PatchSchema>;

const InForceSchema = Type.Object({}, { additionalProperties: true, description: "The same fields, all of them" });

const AnswerSchema = Type.Object({
  agent: Type.String(),
  in_force: InForceSchema,
  set: Type.Object({}, { additionalProperties: true, description: "Those that an operator has set" }),
});

/** Settings of one agent, as an operator may change them while everything runs. */
export function registerAgentSettings(app: App, { store, ledger, settingsOf, clock }: ApiContext): void {
  app.get(
    "/api/v1/agents/:name/settings",
    {
      config: { scope: "read" },
      schema: {
        tags: ["agents"],
        summary: "The settings in force for an agent, and which of them an operator has set.",
        params: AgentParams,
        response: { 200: AnswerSchema, ...errorAnswers },
      },
    },
    async (request) => {
      const { name } = request.params;
      requireAccess(request, name);
      const { overrides } = await findAgent(store, name);
      return settingsView(name, settingsOf(overrides), overrides.operator, overrides.tags);
    },
  );
  app.patch(
    "/api/v1/agents/:name",
    {
      config: { scope: "admin" },
      schema: {
        tags: ["agents"],
        summary:
          "Change settings of an agent. Null goes back to what would hold without. Deadlines follow with its next beat.",
        params: AgentParams,
        body: PatchSchema,
        response: { 200: AnswerSchema, ...errorAnswers },
      },
    },
    async (request) => {
      const { name } = request.params;
      requireAccess(request, name);
      await findAgent(store, name);
      const changed = await changeAgent({ ledger, clock }, name, request.body);
      const { overrides } = changed ?? (await findAgent(store, name));
      return settingsView(name, settingsOf(overrides), overrides.operator, overrides.tags);
    },
  );
}

/** What an operator sets, in force with its consequences when the promise resolves. `entries` go into the agent's history with it. */
export async function changeAgent(
  { ledger, clock }: Pick<ApiContext, "ledger" | "clock">,
  name: string,
  patch: Patch,
  entries: readonly HistoryEntry[] = [],
): Promise<AgentOutcome | undefined> {
  const { outcomes } = await ledger.commit([
    {
      name,
      events: [{ type: "settings-changed", at: clock.now() }],
      registerAt: null,
      change: (overrides) => withOverrides(overrides, { operator: patched(overrides.operator, patch) }),
      entries,
    },
  ]);
  return outcomes.get(name);
}

/** Each wire name, where it lives in the settings, and its unit. */
const fields = [
  ["interval_s", "intervalMs", "seconds"],
  ["grace_s", "graceMs", "seconds"],
  ["missed_limit", "missedLimit", "as is"],
  ["startup_s", "startupMs", "seconds"],
  ["drain_s", "drainMs", "seconds"],
  ["max_lease_s", "maxLeaseMs", "seconds"],
  ["liveness", "liveness", "as is"],
  ["failing_limit", "failingLimit", "as is"],
  ["stuck_cycles", "stuckCycles", "as is"],
  ["clock_skew_s", "clockSkewMs", "seconds"],
  ["on_runaway", "onRunaway", "as is"],
  ["detector", "detector", "as is"],
  ["polling_tools", "pollingTools", "as is"],
  ["severities", "severities", "as is"],
] as const satisfies readonly (readonly [keyof Patch, keyof AgentSettings, "seconds" | "as is"])[];

const costFields = [
  ["floor_tokens", "floorTokens"],
  ["cap_tokens", "capTokens"],
] as const satisfies readonly (readonly [keyof Patch, keyof AgentSettings["cost"]])[];

function patched(before: SettingsPatch, patch: Patch): SettingsPatch {
  const after: Record<string, unknown> = { ...before };
  for (const [wire, name, unit] of fields) {
    const value = patch[wire];
    if (value === null) Reflect.deleteProperty(after, name);
    else if (value !== undefined) after[name] = unit === "seconds" ? Math.round(Number(value) * SECOND) : value;
  }
  const cost: Record<string, unknown> = { ...before.cost };
  for (const [wire, name] of costFields) {
    const value = patch[wire];
    if (value === null) Reflect.deleteProperty(cost, name);
    else if (value !== undefined) cost[name] = value;
  }
  if (Object.keys(cost).length > 0) after["cost"] = cost;
  else Reflect.deleteProperty(after, "cost");
  const budget = patch.budget === null ? {} : mergedLimits(before.budget ?? {}, limitsOf(patch.budget ?? {}));
  if (Object.keys(budget).length > 0) after["budget"] = budget;
  else Reflect.deleteProperty(after, "budget");
  if (patch.tags === null) Reflect.deleteProperty(after, "tags");
  else if (patch.tags !== undefined) after["tags"] = patch.tags;
  // Only what the schema let through was put in.
  return after;
}

function settingsView(name: string, settings: AgentSettings, operator: SettingsPatch, tags: readonly string[]) {
  return {
    agent: name,
    in_force: { ...wireOf(settings), tags },
    set: { ...wireOf(operator), ...(operator.tags ? { tags: operator.tags } : {}) },
  };
}

function wireOf(settings: SettingsPatch): Record<string, unknown> {
  const wire: Record<string, unknown> = {};
  for (const [to, from, unit] of fields) {
    const value = settings[from];
    if (value === undefined) continue;
    wire[to] = unit === "seconds" && typeof value === "number" ? value / SECOND : value;
  }
  if (settings.budget !== undefined) wire["budget"] = limitsToWire(settings.budget);
  for (const [to, from] of costFields) if (settings.cost?.[from] !== undefined) wire[to] = settings.cost[from];
  return wire;
}
