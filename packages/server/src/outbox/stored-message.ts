import { message, type WebhookBody } from "@midwatch/protocol";
import type { OutboxDraft, OutboxRow } from "@midwatch/store";

/** A notification as it is written to the outbox. Its id becomes the key: one notification per channel, however often it is tried. */
export function draftOf(body: WebhookBody, channel: string, at: number): OutboxDraft {
  return { key: body.id, channel, agent: body.agent, at, body: { ...body } };
}

/** Reads a message back; null when the row does not hold one, as a row of another version might not. */
export function messageOf(row: OutboxRow): WebhookBody | null {
  const { type, title, text } = row.body;
  if (typeof type !== "string" || typeof title !== "string" || typeof text !== "string") return null;
  // Written by this server from a `WebhookBody`; JSON keeps its shape. Later fields may be missing and read as nothing.
  return message({
    at: new Date(row.at).toISOString(),
    ...(row.body as Partial<WebhookBody>),
    type: type as WebhookBody["type"],
    title,
    text,
    agent: row.agent,
    id: row.key,
  });
}
