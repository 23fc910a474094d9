import { createHash } from "node:crypto";
import type { WebhookBody } from "@midwatch/protocol";
import { domainOf, type Mailbox } from "./mailbox.ts";

/*
 * What names a mail, and what ties the mails about one incident together. Both are made of the message alone: a mail that is sent
 * again after a lost answer has the same Message-ID, and mail programs show it once. All mails of a thread answer one id that no
 * mail has. It does not matter which of them a recipient got first, and nothing has to be remembered.
 */

export interface MailIds {
  readonly messageId: string;
  /** Null where nothing follows. */
  readonly thread: string | null;
}

export function mailIds({ id, thread }: Pick<WebhookBody, "id" | "thread">, from: Mailbox): MailIds {
  const named = (kind: string, text: string): string => `<${kind}.${digest(text)}@${domainOf(from)}>`;
  return { messageId: named("midwatch", id), thread: thread === null ? null : named("midwatch-thread", thread) };
}

/** An id may hold what a Message-ID may not. */
function digest(text: string): string {
  return createHash("sha256").update(text).digest("hex").slice(0, 32);
}
