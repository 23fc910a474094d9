import type { WebhookBody } from "@midwatch/protocol";
import type { OutboxDraft, OutboxRow } from "@midwatch/store";

/** A notification as it is written to the outbox. Its id becomes the key: one notification per channel, however often it is tried. */
export function draftOf(message: WebhookBody, channel: string, at: number): OutboxDraft {
  return { key: message.id, channel, agent: message.agent, at, body: { ...message } };
}

/** Reads a message back; null when the row does not hold one, as a row of another version might not. */
export function messageOf(row: OutboxRow): WebhookBody | null {
  const { type, title, text } = row.body;
  if (typeof type !== "string" || typeof title !== "string" || typeof text !== "string") return null;
  // Written by this server from a `WebhookBody`; JSON keeps its shape. Later fields may be missing and read as null.
  return {
    at: new Date(row.at).toISOString(),
    kind: null,
    severity: null,
    incident: null,
    ...(row.body as Partial<WebhookBody>),
    type: type as WebhookBody["type"],
    title,
    text,
    agent: row.agent,
    id: row.key,
  };
}
