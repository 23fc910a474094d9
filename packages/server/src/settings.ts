import type { AgentSettings, BudgetLimits, LimitName } from "@midwatch/core";
import type { AgentOverrides } from "@midwatch/store";

/** What may be set for one agent: any part of `AgentSettings` but its internals, and its tags. Durations in milliseconds. */
export type SettingsPatch = Partial<Omit<AgentSettings, "restart" | "cost" | "keeps" | "calendar">> & {
  readonly restart?: Partial<AgentSettings["restart"]>;
  readonly cost?: Partial<AgentSettings["cost"]>;
  readonly tags?: readonly string[];
};

export type SettingsOf = (overrides: AgentOverrides | undefined) => AgentSettings;

export const noOverrides: AgentOverrides = { operator: {}, supervisor: {}, tags: [] };

/**
 * Merges an agent's settings: the defaults, then what its supervisor declares, then what an operator set. The merge is
 * remembered per overrides object, since the same rows are folded over and over.
 */
export function settingsMerger(given: AgentSettings): SettingsOf {
  const defaults: AgentSettings = { ...given, keeps: false };
  const merged = new WeakMap<AgentOverrides, AgentSettings>();
  return (overrides) => {
    if (overrides === undefined || isEmpty(overrides)) return defaults;
    const known = merged.get(overrides);
    if (known) return known;
    const supervisor = patchOf(overrides.supervisor);
    const operator = patchOf(overrides.operator);
    const settings: AgentSettings = {
      ...defaults,
      ...supervisor,
      ...operator,
      restart: { ...defaults.restart, ...supervisor.restart, ...operator.restart },
      cost: { ...defaults.cost, ...supervisor.cost, ...operator.cost },
      // A supervisor's budget is whole, defaults and all. An operator's is limit by limit: whoever raises one for a night leaves the others alone.
      budget: { ...(supervisor.budget ?? defaults.budget), ...operator.budget },
    };
    merged.set(overrides, settings);
    return settings;
  };
}

/** New limits, by name; null takes one away. */
export type LimitChanges = Readonly<Partial<Record<LimitName, number | null>>>;

/** Limits with some replaced. */
export function mergedLimits(before: BudgetLimits, changes: LimitChanges): BudgetLimits {
  const merged: [string, number | null][] = Object.entries({ ...before, ...changes });
  return Object.fromEntries(merged.filter((limit): limit is [string, number] => limit[1] !== null));
}

/** Overrides with one part replaced. An operator's tags win over those of the supervisor. */
export function withOverrides(
  overrides: AgentOverrides,
  part: { readonly operator?: SettingsPatch; readonly supervisor?: SettingsPatch },
): AgentOverrides {
  const operator: SettingsPatch = part.operator ?? overrides.operator;
  const supervisor: SettingsPatch = part.supervisor ?? overrides.supervisor;
  return { operator, supervisor, tags: operator.tags ?? supervisor.tags ?? [] };
}

/** What is stored was validated when it was set. */
function patchOf(stored: AgentOverrides["operator"]): SettingsPatch {
  const patch: Record<string, unknown> = { ...stored };
  delete patch["tags"];
  return patch;
}

function isEmpty(overrides: AgentOverrides): boolean {
  for (const key in overrides.operator) if (Object.hasOwn(overrides.operator, key)) return false;
  for (const key in overrides.supervisor) if (Object.hasOwn(overrides.supervisor, key)) return false;
  return true;
}
