import { stripVTControlCharacters } from "node:util";
import type { WebhookBody } from "@midwatch/protocol";

/*
 * Agents write into notifications: their names, their messages, the last lines of their output. Before any of it reaches a
 * terminal or a phone, what could move a cursor, recolour a screen or turn text around is taken out.
 */

/** The one line a person reads first: agent, what, since when. The agent is named once, whoever wrote the title. */
export function headline(message: Pick<WebhookBody, "agent" | "title">): string {
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

/** Cuts to at most `most` UTF-16 units, never within a character, and ends with "…" if it did. */
export function clipText(text: string, most: number): string {
  if (text.length <= most) return text;
  const kept = text.slice(0, most - 1).replace(/[\uD800-\uDBFF]$/, "");
  return `${kept.toWellFormed()}…`;
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
export function shortcode(message: WebhookBody): keyof typeof pictures {
  if (message.type === "incident.resolved") return "white_check_mark";
  if (isLookedAfter(message)) return "eyes";
  if (message.type === "digest") return "inbox_tray";
  if (message.type === "test") return "wave";
  if (message.type.startsWith("report.")) return "clipboard";
  if (message.severity === "page") return "rotating_light";
  return message.severity === "warn" ? "warning" : "information_source";
}

/** The same as a character, for receivers that do not know short codes. */
export function emoji(message: WebhookBody): string {
  return pictures[shortcode(message)];
}

const pictures = {
  white_check_mark: "✅",
  eyes: "👀",
  inbox_tray: "📥",
  wave: "👋",
  clipboard: "📋",
  rotating_light: "🚨",
  warning: "⚠️",
  information_source: "ℹ️",
} as const;

/** True for a message that says, new or changed, that somebody is on it. What is worse since then looks like what it is. */
function isLookedAfter({ type, acknowledged }: WebhookBody): boolean {
  return type === "incident.acknowledged" || (type === "incident.updated" && acknowledged !== null);
}

/** True for what should be heard: a page or a warning that begins, rises or is repeated, and a test. Never a recovery, an acknowledgement or a report. */
export function makesSound(message: WebhookBody): boolean {
  if (message.type === "test") return true;
  return isAlert(message) && (message.severity === "page" || message.severity === "warn");
}

/** True for what may call a person by name or ring through "do not disturb": only a page. */
export function wakesSomeone(message: WebhookBody): boolean {
  return isAlert(message) && message.severity === "page";
}

function isAlert({ type }: WebhookBody): boolean {
  return type === "incident.opened" || type === "incident.raised" || type === "incident.reminder";
}
