import { stripVTControlCharacters } from "node:util";
import type { WebhookBody } from "@midwatch/protocol";

/*
 * Agents write into notifications: their names, their messages, the last lines of their output. Before any of it reaches a
 * terminal or a phone, what could move a cursor, recolour a screen or turn text around is taken out.
 */

/** The one line a person reads first: agent, what, since when. The agent is named once, whoever wrote the title. */
export function headline(message: WebhookBody): string {
  const title = oneLine(message.title);
  if (message.agent === null) return title;
  const agent = oneLine(message.agent);
  return title === agent || title.startsWith(`${agent} `) || title.startsWith(`${agent}:`)
    ? title
    : `${agent}: ${title}`;
}

/** Text without terminal sequences, control characters and direction overrides. Line breaks and tabs stay. */
export function plainText(text: string): string {
  return stripVTControlCharacters(text)
    .replaceAll("\r\n", "\n")
    .replaceAll(/[\p{Cc}\u{202A}-\u{202E}\u{2066}-\u{2069}\u{2028}\u{2029}]/gu, (c) =>
      c === "\n" || c === "\t" ? c : "",
    );
}

export function oneLine(text: string): string {
  return plainText(text).replaceAll(/\s+/g, " ").trim();
}

/** Cuts to at most `bytes` of UTF-8, between characters, and says that it did. */
export function clipBytes(text: string, bytes: number): string {
  if (Buffer.byteLength(text) <= bytes) return text;
  const note = "\n… (cut; the dashboard has the rest)";
  const room = bytes - Buffer.byteLength(note);
  let used = 0;
  let kept = "";
  for (const character of text) {
    used += Buffer.byteLength(character);
    if (used > room) break;
    kept += character;
  }
  return kept + note;
}

/** What a message is about, at a glance; both ntfy and Slack know these short codes. */
export function shortcode(message: WebhookBody): string {
  if (message.type === "incident.resolved") return "white_check_mark";
  if (message.type === "report.daily") return "clipboard";
  if (message.type === "test") return "wave";
  if (message.severity === "page") return "rotating_light";
  return message.severity === "warn" ? "warning" : "information_source";
}
