import type { WebhookBody } from "@midwatch/protocol";
import { firstThatFits, plainSummary, type MessageSummary } from "../../message-summary.ts";
import { clipText } from "../../message-text.ts";
import { isAboutIncident } from "../../message-thread.ts";

/** Opsgenie's limits, in characters. */
const maxMessage = 130;
const maxDescription = 15_000;
const maxDetails = 8_000;
const maxEntity = 512;
const maxTags = 20;
const maxTag = 50;
const maxNote = 25_000;
const maxUser = 100;
const source = "Midwatch";

/** The body that opens an alert, or counts one up that is open under the same alias. */
export function alertBody(message: WebhookBody, alias: string): object {
  return firstThatFits(
    message,
    (summary) => ({
      message: clipText(summary.headline, maxMessage),
      alias,
      description: plainSummary(summary),
      ...(message.agent === null ? {} : { entity: message.agent.slice(0, maxEntity) }),
      source,
      priority: priorityOf(message),
      tags: tagsOf(message),
      details: detailsOf(message, summary),
    }),
    ({ description, details }) => description.length <= maxDescription && JSON.stringify(details).length <= maxDetails,
  );
}

/** What is added to an alert that stands: more became known, somebody looks after it, or it is over. */
export function noteBody(message: WebhookBody): object {
  return firstThatFits(
    message,
    (summary) => ({
      source,
      ...userOf(message),
      note: `${summary.headline}\n${plainSummary(summary)}`.trim(),
    }),
    ({ note }) => note.length <= maxNote,
  );
}

/** Who acknowledges; everything else is done by Midwatch. */
function userOf({ type, acknowledged }: WebhookBody): { readonly user?: string } {
  return type === "incident.acknowledged" && acknowledged !== null ? { user: clipText(acknowledged.by, maxUser) } : {};
}

function priorityOf(message: WebhookBody): "P1" | "P3" | "P5" {
  if (!isAboutIncident(message)) return "P5";
  return ({ page: "P1", warn: "P3", info: "P5" } as const)[message.severity ?? "info"];
}

function tagsOf({ kind, severity }: WebhookBody): readonly string[] {
  const tags = ["midwatch", ...(kind === null ? [] : [kind]), ...(severity === null ? [] : [severity])];
  return tags.slice(0, maxTags).map((tag) => tag.slice(0, maxTag));
}

/** The numbers, as fields that Opsgenie's policies can ask for. */
function detailsOf({ agent, kind }: WebhookBody, { facts }: MessageSummary): Readonly<Record<string, string>> {
  return {
    ...Object.fromEntries(facts.map(({ label, value }) => [label, value])),
    ...(agent === null ? {} : { agent: agent.slice(0, maxEntity) }),
    ...(kind === null ? {} : { kind }),
  };
}
