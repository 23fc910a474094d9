import type { WebhookBody } from "@midwatch/protocol";

/** What a mail is, at a glance; `tone` is its colour, which never says anything that the word does not. */
export interface MailKind {
  readonly word: string;
  readonly tone: "bad" | "doubtful" | "good" | "calm";
}

export function kindOf({ type, severity }: Pick<WebhookBody, "type" | "severity">): MailKind {
  if (type === "incident.resolved") return { word: "Resolved", tone: "good" };
  if (type === "digest") return { word: "Summary", tone: "calm" };
  if (type === "test") return { word: "Test", tone: "calm" };
  if (type.startsWith("report.")) return { word: "Report", tone: "calm" };
  const again = type === "incident.reminder" ? ", still open" : "";
  if (severity === "page") return { word: `Page${again}`, tone: "bad" };
  if (severity === "warn") return { word: `Warning${again}`, tone: "doubtful" };
  return { word: `Note${again}`, tone: "calm" };
}

/** "2026-11-24 03:14:06 UTC"; a mail cannot know where it is read. */
export function sentAt({ at }: Pick<WebhookBody, "at">): string {
  return `${at.slice(0, 19).replace("T", " ")} UTC`;
}
