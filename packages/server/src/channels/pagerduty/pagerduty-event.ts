import type { WebhookBody } from "@midwatch/protocol";
import { summarize, summaryLines, type MessageSummary } from "../../message-summary.ts";
import { threadKey } from "../../message-thread.ts";

/** PagerDuty's limits, in characters. */
const maxSummary = 1_024;
const maxDedupKey = 255;

/** What goes to the Events API, and where. Without the key, which the caller adds. */
export interface PagerDutyEvent {
  readonly path: "v2/enqueue" | "v2/change/enqueue";
  readonly body: Readonly<Record<string, unknown>>;
}

/**
 * An incident triggers, the same one again when it rises, is reminded of or changes, is acknowledged when somebody looks
 * after it, and resolves when it is over. A report and a digest
 * are change events: they stand in the service's history and call nobody.
 */
export function pagerDutyEvent(message: WebhookBody): PagerDutyEvent {
  const summary = summarize(message);
  const links = summary.links.map(({ label, url }) => ({ href: url, text: label }));
  if (message.type === "digest" || message.type.startsWith("report.")) {
    const payload = { ...describe(message, summary), custom_details: details(summary) };
    return { path: "v2/change/enqueue", body: { payload, links } };
  }
  const dedup_key = threadKey(message).slice(0, maxDedupKey);
  // For a key without an open incident, both are accepted and do nothing.
  if (message.type === "incident.acknowledged") {
    return { path: "v2/enqueue", body: { event_action: "acknowledge", dedup_key } };
  }
  if (message.type === "incident.resolved") {
    return { path: "v2/enqueue", body: { event_action: "resolve", dedup_key } };
  }
  const payload = {
    ...describe(message, summary),
    severity: ({ page: "critical", warn: "warning", info: "info" } as const)[message.severity ?? "info"],
    ...(message.agent === null ? {} : { component: message.agent }),
    ...(message.kind === null ? {} : { class: message.kind }),
    custom_details: details(summary),
  };
  const client = { client: "Midwatch", ...(message.url === null ? {} : { client_url: message.url }) };
  return { path: "v2/enqueue", body: { event_action: "trigger", dedup_key, payload, links, ...client } };
}

function describe(message: WebhookBody, summary: MessageSummary): Readonly<Record<string, string>> {
  const source = message.agent ?? "midwatch";
  return { summary: summary.headline.slice(0, maxSummary), source, timestamp: message.at };
}

/** PagerDuty shows these as a table of two columns, a fact in each row. */
function details(summary: MessageSummary): Readonly<Record<string, string>> {
  const { log, members } = summaryLines(summary);
  return {
    ...Object.fromEntries(summary.facts.map(({ label, value }) => [label, value])),
    ...(summary.text === "" ? {} : { text: summary.text }),
    ...(log.length === 0 ? {} : { log: log.join("\n") }),
    ...(members.length === 0 ? {} : { agents: members.join("\n") }),
  };
}
