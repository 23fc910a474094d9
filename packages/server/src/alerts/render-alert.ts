import { spellCount, spellDuration, type AlertMember, type AlertMessage } from "@midwatch/core";
import { message, redactText, type IncidentSummary, type MessageFact, type WebhookBody } from "@midwatch/protocol";
import { iso } from "../views/time.ts";

/** Numbers shown with a message. */
const maxFacts = 12;
const maxFactLength = 200;
/** Members listed in a message; the API has them all. */
const maxMembers = 5_000;

/** Where people go on from a message. */
export interface AlertLinks {
  /** Null when nobody knows the server's address. */
  page(about: { readonly agent: string | null; readonly incidentId: number | null }): string | null;
  /** Each channel gets its own, so that it is known by which of them somebody came. */
  actions(about: AlertMessage, incident: IncidentSummary | null, channel: string): WebhookBody["actions"];
}

/** Nobody knows where this server is reached. */
export const noLinks: AlertLinks = { page: () => null, actions: () => [] };

/**
 * What the desk wants said, as it is sent to each of its channels. What an agent may have let slip is taken out here, once for
 * all of them.
 */
export function renderAlert(alert: AlertMessage, links: AlertLinks): (channel: string) => WebhookBody {
  const { what, id, thread, at, agent, kind, severity, title, text, members, acknowledged, detail } = alert;
  const incident = incidentOf(alert);
  const log = detail?.["log"];
  const rendered = message({
    type: what === "digest" ? "digest" : `incident.${what}`,
    ...{ id, thread, agent, kind, severity },
    at: iso(at),
    title: redactText(title),
    text: redactText(text),
    facts: incident === null ? [] : factsOf(incident),
    log: Array.isArray(log) ? log.map((line) => redactText(String(line))) : [],
    members: members.slice(0, maxMembers).map(memberOf),
    acknowledged: acknowledged && { by: redactText(acknowledged.by), at: iso(acknowledged.at) },
    url: links.page({ agent, incidentId: incident?.id ?? null }),
    incident: incident && { ...incident, title: redactText(incident.title), text: redactText(incident.text) },
  });
  return (channel) => ({ ...rendered, actions: links.actions(alert, incident, channel) });
}

/** The ledger put it there; JSON keeps its shape. */
function incidentOf({ detail }: AlertMessage): IncidentSummary | null {
  return (detail?.["incident"] ?? null) as IncidentSummary | null;
}

function factsOf({ numbers, duration_s, state }: IncidentSummary): MessageFact[] {
  const facts = Object.entries(numbers)
    .filter(([name]) => name !== "shadow")
    .map(([name, value]): MessageFact => ({ label: labelOf(name), value: valueOf(name, value) }));
  const length: MessageFact = {
    // The outage itself may have been much shorter: an incident stays open until a restart has proven itself.
    label: state === "resolved" ? "was open for" : "open for",
    value: spellDuration(duration_s * 1_000),
  };
  return [...facts, ...(duration_s > 0 ? [length] : [])].slice(0, maxFacts);
}

/** "silent_ms" is the length "silent"; everything else is said as it is called. */
function labelOf(name: string): string {
  return name.replace(/_ms$/, "").replaceAll("_", " ");
}

function valueOf(name: string, value: number | string): string {
  if (typeof value === "string") return redactText(value).slice(0, maxFactLength);
  if (name.endsWith("_ms")) return spellDuration(value);
  return Number.isInteger(value) ? spellCount(value) : String(Number(value.toPrecision(3)));
}

function memberOf({ agent, kind, title, host, since, resolvedAt }: AlertMember): WebhookBody["members"][number] {
  const resolved_at = resolvedAt === null ? null : iso(resolvedAt);
  return { agent, kind, title: redactText(title), host, since: iso(since), resolved_at };
}
