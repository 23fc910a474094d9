import type { AgentSettings } from "@midwatch/core";
import type { AgentOverrides } from "@midwatch/store";

/** What may be set for one agent: any part of `AgentSettings` but its internals. Milliseconds. */
export type SettingsPatch = Partial<Omit<AgentSettings, "restart" | "keeps">> & {
  readonly restart?: Partial<AgentSettings["restart"]>;
};

export type SettingsOf = (overrides: AgentOverrides | undefined) => AgentSettings;

export const noOverrides: AgentOverrides = { operator: {}, supervisor: {}, tags: [] };

/**
 * Merges an agent's settings: the defaults, then what its supervisor declares, then what an operator set. The merge is
 * remembered per overrides object, since the same rows are folded over and over.
 */
export function settingsMerger(defaults: AgentSettings): SettingsOf {
  const merged = new WeakMap<AgentOverrides, AgentSettings>();
  return (overrides) => {
    if (overrides === undefined || isEmpty(overrides)) return defaults;
    const known = merged.get(overrides);
    if (known) return known;
    // What is stored was validated when it was set.
    const supervisor = overrides.supervisor as SettingsPatch;
    const operator = overrides.operator as SettingsPatch;
    const settings: AgentSettings = {
      ...defaults,
      ...supervisor,
      ...operator,
      restart: { ...defaults.restart, ...supervisor.restart, ...operator.restart },
      keeps: false,
    };
    merged.set(overrides, settings);
    return settings;
  };
}

function isEmpty(overrides: AgentOverrides): boolean {
  for (const key in overrides.operator) if (Object.hasOwn(overrides.operator, key)) return false;
  for (const key in overrides.supervisor) if (Object.hasOwn(overrides.supervisor, key)) return false;
  return true;
}
