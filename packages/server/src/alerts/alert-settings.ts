import { HOUR, SECOND, type AlertStep, type DurationMs, type Severity } from "@midwatch/core";
import type { DayWindow } from "./windows.ts";

/** What is meant: every part that is given must fit, and within a part any of its values does. */
export interface AlertMatch {
  /** Globs of names. */
  readonly agents?: readonly string[];
  readonly tags?: readonly string[];
  readonly kinds?: readonly string[];
  readonly severities?: readonly Severity[];
}

export interface RouteSettings {
  readonly match: AlertMatch;
  /** By rising `afterMs`; at least one. */
  readonly steps: readonly AlertStep[];
  /** Null never reminds; left out, it is as for all. */
  readonly remindMs?: DurationMs | null;
}

export interface MaintenanceSettings {
  readonly match: AlertMatch;
  readonly reason: string;
  /** Once, local times "2026-12-01T02:00", or again and again. */
  readonly when: { readonly from: string; readonly to: string } | DayWindow;
  readonly repeats: boolean;
}

export interface AlertSettings {
  /** The first that fits is taken; what fits none goes to the channels of `alertsTo`, at once. */
  readonly routes: readonly RouteSettings[];
  /** How often pages that nobody looks after are told again; null for never. */
  readonly remindMs: DurationMs | null;
  /** Only pages go through. */
  readonly quietHours: DayWindow | null;
  readonly maintenance: readonly MaintenanceSettings[];
  /** By glob: agents that have to be up for those to be. */
  readonly behind: Readonly<Record<string, readonly string[]>>;
  readonly gatherMs: DurationMs;
  readonly flapping: { readonly opens: number; readonly withinMs: DurationMs };
}

export const alertDefaults: AlertSettings = {
  routes: [],
  remindMs: 4 * HOUR,
  quietHours: null,
  maintenance: [],
  behind: {},
  gatherMs: 2 * SECOND,
  flapping: { opens: 4, withinMs: HOUR },
};
