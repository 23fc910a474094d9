import type { Incident, IncidentKind, ResolvedBy, Severity } from "./incident.ts";
import type { AgentSettings } from "./settings.ts";
import type { AgentState } from "./state.ts";
import type { Ms } from "./time.ts";
import { record, type Turn } from "./turn.ts";

const defaultSeverity: Readonly<Record<IncidentKind, Severity>> = {
  silent: "page",
  oom: "page",
  hung: "page",
  failing: "page",
  runaway: "page",
  "budget-exceeded": "page",
  "state-invalid": "page",
  "needs-human": "page",
  "supervisor-lost": "page",
  crashed: "warn",
  exited: "warn",
  stuck: "warn",
  repetition: "warn",
  drift: "warn",
  "budget-warning": "warn",
  "shutdown-overdue": "warn",
  "duplicate-instance": "warn",
  "monitor-gap": "warn",
  spike: "info",
  "clock-skew": "info",
};

/** What says that a supervised agent is not running; each ends when a restart has proven itself. */
export const outageKinds: readonly IncidentKind[] = ["silent", "crashed", "oom", "hung", "exited", "failing"];

/** Nobody is woken for what may yet mend itself: these wait as `warn` while the supervisor has attempts left. */
const mendable: readonly IncidentKind[] = ["silent", "hung", "oom"];

/** What a detector in shadow mode decides and records, and tells nobody. */
const shadowed: readonly IncidentKind[] = ["spike", "runaway", "drift", "repetition"];

export function isShadow({ settings }: Turn): boolean {
  return settings.detector === "shadow";
}

/** What a caller knows of an incident it opens; the rest follows from the kind and the settings. */
export interface IncidentDraft {
  readonly kind: IncidentKind;
  /** When the trouble itself began. */
  readonly since: Ms;
  readonly title: string;
  readonly text: string;
  readonly numbers?: Readonly<Record<string, number | string>>;
}

export function findIncident(state: AgentState, kind: IncidentKind): Incident | undefined {
  return state.incidents.find((incident) => incident.kind === kind);
}

/** Opens an incident, or does nothing while one of its kind is open. */
export function openIncident(turn: Turn, draft: IncidentDraft): void {
  const { state, at, effects } = turn;
  if (findIncident(state, draft.kind)) return;
  const shadow = shadowed.includes(draft.kind) && isShadow(turn);
  const severity = shadow ? "info" : severityOf(turn, draft.kind);
  const incident: Incident = {
    kind: draft.kind,
    severity,
    openedAt: at,
    since: draft.since,
    title: draft.title,
    text: shadow ? `${draft.text} The detector runs in shadow mode: nobody was told.` : draft.text,
    numbers: { ...draft.numbers, ...(shadow ? { shadow: 1 } : {}) },
    acknowledged: null,
  };
  state.incidents = [...state.incidents, incident];
  effects.push({ do: "open", incident });
  record(turn, "incident-opened", draft.title, { kind: draft.kind, severity });
  notify(turn, "opened", incident, incident.title, incident.text);
}

/** Ends an open incident at `endedAt` (default: now); does nothing when none of the kind is open. */
export function resolveIncident(
  turn: Turn,
  kind: IncidentKind,
  how: { readonly by: ResolvedBy; readonly title: string; readonly text: string; readonly endedAt?: Ms },
): void {
  const { state, at, effects } = turn;
  const incident = findIncident(state, kind);
  if (!incident) return;
  state.incidents = state.incidents.filter((one) => one.kind !== kind);
  const outageMs = Math.max(0, (how.endedAt ?? at) - incident.since);
  effects.push({ do: "resolve", kind, at, by: how.by, outageMs, incident });
  record(turn, "incident-resolved", how.title, { kind, severity: incident.severity, by: how.by, outage_ms: outageMs });
  notify(turn, "resolved", incident, how.title, how.text);
}

/** Raises an open incident to the severity it would have with no attempt left, and says so once. */
export function raiseMendable(turn: Turn, why: string): void {
  for (const kind of mendable) {
    const incident = findIncident(turn.state, kind);
    const severity = fullSeverity(turn.settings, kind);
    if (incident?.severity !== "warn" || severity !== "page") continue;
    const raised: Incident = { ...incident, severity, text: `${incident.text} ${why}` };
    turn.state.incidents = turn.state.incidents.map((one) => (one.kind === kind ? raised : one));
    turn.effects.push({ do: "raise", kind, severity, incident: raised });
    record(turn, "incident-raised", `${incident.title}: raised to page`, { kind, severity });
    notify(turn, "raised", raised, incident.title, raised.text);
  }
}

export function acknowledgeIncident(turn: Turn, kind: IncidentKind, by: string): void {
  const { state, at, effects } = turn;
  const incident = findIncident(state, kind);
  if (!incident || incident.acknowledged) return;
  const acknowledged: Incident = { ...incident, acknowledged: { at, by } };
  state.incidents = state.incidents.map((one) => (one.kind === kind ? acknowledged : one));
  effects.push({ do: "acknowledge", kind, at, by });
  record(turn, "incident-acknowledged", `${by} acknowledged: ${incident.title}`, { kind, by });
}

function severityOf(turn: Turn, kind: IncidentKind): Severity {
  const full = fullSeverity(turn.settings, kind);
  return full === "page" && mendable.includes(kind) && attemptsLeft(turn.state) ? "warn" : full;
}

function fullSeverity(settings: AgentSettings, kind: IncidentKind): Severity {
  return settings.severities[kind] ?? defaultSeverity[kind];
}

/** True while a supervisor in contact may still mend the agent and no attempt has failed yet. */
function attemptsLeft({ recovery, supervisor }: AgentState): boolean {
  if (!recovery || supervisor?.lost) return false;
  return recovery.of > 0 && recovery.attempt === 0 && recovery.phase !== "exhausted" && recovery.phase !== "stopped";
}

function notify(
  turn: Turn,
  what: "opened" | "raised" | "resolved",
  incident: Incident,
  title: string,
  text: string,
): void {
  if (incident.severity === "info") return;
  const { kind, severity } = incident;
  turn.effects.push({ do: "notify", what, kind, severity, at: turn.at, title, text });
}
