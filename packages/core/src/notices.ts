import type { Effect } from "./effect.ts";

/**
 * What a spool delivers is past: of the incidents that it opened, only those that are still open at its end are worth
 * telling. The records of all of them stay.
 */
export function dropSettledNotices(effects: readonly Effect[]): readonly Effect[] {
  const settled = new Set<Effect>();
  const open = new Map<string, Effect[]>();
  for (const effect of effects) {
    if (effect.do !== "notify") continue;
    const sofar = open.get(effect.kind) ?? [];
    if (effect.what !== "resolved") {
      open.set(effect.kind, [...sofar, effect]);
    } else if (sofar.length > 0) {
      for (const one of [...sofar, effect]) settled.add(one);
      open.delete(effect.kind);
    }
  }
  return effects.filter((effect) => !settled.has(effect));
}
