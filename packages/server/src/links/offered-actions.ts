import { ownBudget, type AlertMessage } from "@midwatch/core";
import type { IncidentSummary } from "@midwatch/protocol";
import type { LinkAction } from "./link-token.ts";

/** More would hide the useful ones on a phone. */
const most = 4;

/** What is known of the agent at the moment of the message. */
export interface AgentPlace {
  /** A supervisor keeps it, so it can be restarted. */
  readonly kept: boolean;
  readonly paused: boolean;
}

/** What a person is likely to want to do about it, most useful first. */
export function offeredActions(
  { what, kind, agent, thread, acknowledged, detail }: AlertMessage,
  incident: IncidentSummary | null,
  place: AgentPlace,
): readonly LinkAction[] {
  if (what === "resolved" || what === "digest" || thread === null) return [];
  if (agent === null) {
    if (thread.startsWith("grp_")) return acknowledged === null ? ["acknowledge"] : [];
    return sharedBudgetOf(detail) === null ? [] : ["raise-cap"];
  }
  if (incident === null || kind === null) return [];
  return orderFor(kind, isCycleCap(incident))
    .filter((action) => isPossible(action, place) && (action !== "acknowledge" || incident.acknowledged === null))
    .slice(0, most);
}

/** The name of the budget that several agents share and that the message is about. */
export function sharedBudgetOf(detail: AlertMessage["detail"]): string | null {
  const budget = detail?.["budget"];
  return typeof budget === "string" && budget !== ownBudget ? budget : null;
}

function orderFor(kind: string, cycleCap: boolean): readonly LinkAction[] {
  switch (kind) {
    case "budget-exceeded":
      return ["raise-cap", ...(cycleCap ? (["resume"] as const) : []), "acknowledge", "silence"];
    case "budget-warning":
      return ["raise-cap", "acknowledge", "silence"];
    case "needs-human":
    case "state-invalid":
      return ["resume", "restart", "acknowledge", "silence"];
    case "runaway":
      return ["resume", "acknowledge", "restart", "accept-baseline", "silence"];
    case "drift":
    case "spike":
      return ["accept-baseline", "acknowledge", "silence"];
    case "clock-skew":
    case "supervisor-lost":
    case "monitor-gap":
    case "duplicate-instance":
      return ["acknowledge", "silence"];
    default:
      return ["acknowledge", "restart", "silence"];
  }
}

function isPossible(action: LinkAction, { kept, paused }: AgentPlace): boolean {
  if (action === "restart") return kept;
  return action !== "resume" || kept || paused;
}

/** Other periods end by themselves, and until then a budget holds whom it holds. */
function isCycleCap({ numbers }: IncidentSummary): boolean {
  return numbers["period"] === "cycle";
}
