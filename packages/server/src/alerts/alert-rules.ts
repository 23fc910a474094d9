import { outageKinds, type AlertRoute, type AlertRules, type AlertSubject, type Ms, type Muted } from "@midwatch/core";
import type { SilenceRow } from "@midwatch/store";
import { matchesGlob } from "../keys/glob.ts";
import type { Census } from "../ledger/census.ts";
import type { AlertMatch, AlertSettings, MaintenanceSettings } from "./alert-settings.ts";
import { localMoment, windowEnd } from "./windows.ts";

export interface AlertRulesDeps {
  readonly settings: AlertSettings;
  /** Channels of what no route fits. */
  readonly alertsTo: readonly string[];
  readonly timeZone: string;
  readonly census: Census;
  readonly silences: () => readonly SilenceRow[];
  readonly canUpdate: (channel: string) => boolean;
  readonly hearsAcknowledgements: (channel: string) => boolean;
}

/** The operator's settings and the census, as the desk asks for them. */
export function alertRules(deps: AlertRulesDeps): AlertRules {
  const { settings, alertsTo, timeZone, census, silences, canUpdate, hearsAcknowledgements } = deps;
  const otherwise: AlertRoute = { name: "default", steps: [{ afterMs: 0, to: alertsTo }], remindMs: settings.remindMs };
  const routes = settings.routes.map((route, index) => {
    const { match, steps, remindMs = settings.remindMs } = route;
    return { match, route: { name: `${index + 1}`, steps, remindMs } };
  });
  return {
    routeOf: (subject) => {
      const { route } = routes.find(({ match }) => fits(match, subject)) ?? { route: otherwise };
      // Only what wakes people is repeated; a warning is in the report, too.
      return subject.severity === "page" ? route : { ...route, remindMs: null };
    },
    mutedBy: (subject, now) =>
      silencedBy(silences(), subject, now) ?? maintainedBy(settings.maintenance, subject, now, timeZone),
    quietUntil: (now) => (settings.quietHours === null ? null : windowEnd(settings.quietHours, now, timeZone)),
    downBefore: (agent) =>
      directlyBefore(agent, settings.behind).filter(
        (other) => isDown(census, other) && !dependsOn(other, agent, settings.behind),
      ),
    fleet: (now) => ({ up: census.countOf("up"), silentLately: census.silentLately(now).size }),
    canUpdate,
    hearsAcknowledgements,
    gatherMs: settings.gatherMs,
    flapping: settings.flapping,
  };
}

function fits(match: AlertMatch, subject: AlertSubject): boolean {
  const { agents, tags, kinds, severities } = match;
  if (agents !== undefined) {
    const { agent } = subject;
    if (agent === null || !agents.some((glob) => matchesGlob(glob, agent))) return false;
  }
  if (tags !== undefined && !tags.some((tag) => subject.tags.includes(tag))) return false;
  if (kinds !== undefined && !kinds.includes(subject.kind)) return false;
  return severities === undefined || severities.includes(subject.severity);
}

function silencedBy(silences: readonly SilenceRow[], subject: AlertSubject, now: Ms): Muted | null {
  for (const { match, from, until, endedAt, reason } of silences) {
    if (from <= now && now < until && endedAt === null && fits(match, subject))
      return { why: "silence", until, reason };
  }
  return null;
}

function maintainedBy(
  windows: readonly MaintenanceSettings[],
  subject: AlertSubject,
  now: Ms,
  timeZone: string,
): Muted | null {
  for (const { match, when, repeats, reason } of windows) {
    if (!fits(match, subject)) continue;
    const until = repeats ? windowEnd(when, now, timeZone) : onceUntil(when, now, timeZone);
    if (until !== null) return { why: "maintenance", until, reason };
  }
  return null;
}

function onceUntil({ from, to }: { readonly from: string; readonly to: string }, now: Ms, timeZone: string): Ms | null {
  const until = localMoment(to, timeZone);
  return localMoment(from, timeZone) <= now && now < until ? until : null;
}

/** Directly or through others; an agent does on itself. Those that need each other would hold each other back for ever. */
function dependsOn(agent: string, on: string, behind: AlertSettings["behind"]): boolean {
  const reached = new Set([agent]);
  for (const one of reached) {
    if (one === on) return true;
    for (const other of directlyBefore(one, behind)) reached.add(other);
  }
  return false;
}

function directlyBefore(agent: string, behind: AlertSettings["behind"]): readonly string[] {
  return Object.entries(behind)
    .filter(([glob]) => matchesGlob(glob, agent))
    .flatMap(([, others]) => others);
}

/** Late counts: whatever it holds up has just been missed, too. */
function isDown(census: Census, agent: string): boolean {
  const entry = census.get(agent);
  if (entry === undefined) return false;
  if (entry.state === "late" || entry.state === "down") return true;
  return outageKinds.some((kind) => entry.incidents.has(kind));
}
