import MailComposer from "nodemailer/lib/mail-composer";
import type { WebhookBody } from "@midwatch/protocol";
import { clipText, oneLine, wakesSomeone } from "../../message-text.ts";
import type { MailBody } from "../channel.ts";
import type { EmailSettings } from "./email-settings.ts";
import { mailIds } from "./mail-ids.ts";

/** Longer ones are cut by most mail programs anyway, and not always between letters. */
const maxSubjectLength = 200;
const maxKeyLength = 250;

/**
 * The mail as it goes over the wire. Whatever becomes a line of the head is made one line here, whoever wrote it: with a line break in
 * an agent's name, that name could otherwise add recipients.
 */
export async function mimeMessage(
  message: WebhookBody,
  body: MailBody & { readonly subject: string },
  { from, to }: Pick<EmailSettings, "from" | "to">,
): Promise<Buffer> {
  const { messageId, thread } = mailIds(message, from);
  const composer = new MailComposer({
    from: { name: from.name === "" ? "Midwatch" : from.name, address: from.address },
    to: to.map(({ name, address }) => ({ name, address })),
    subject: headerText(body.subject, maxSubjectLength),
    date: new Date(message.at),
    messageId,
    ...(thread === null ? {} : { inReplyTo: thread, references: [thread] }),
    headers: {
      "Auto-Submitted": "auto-generated",
      // Exchange does not know Auto-Submitted; this keeps "out of office" from answering.
      "X-Auto-Response-Suppress": "All",
      "X-Midwatch-Key": headerText(message.id, maxKeyLength),
      ...(wakesSomeone(message) ? { Importance: "high", "X-Priority": "1" } : {}),
    },
    text: body.text,
    html: body.html,
    attachments: body.pictures.map(({ cid, name, png, alt }) => ({
      cid,
      filename: headerText(name, maxSubjectLength),
      content: png,
      contentType: "image/png",
      contentDisposition: "inline",
      headers: { "Content-Description": headerText(alt, maxSubjectLength) },
    })),
    // Else long lines would be joined or broken by what reads them, and a report's columns with them.
    encoding: "quoted-printable",
    disableFileAccess: true,
    disableUrlAccess: true,
  });
  return composer.compile().build();
}

function headerText(text: string, length: number): string {
  return clipText(oneLine(text), length);
}
