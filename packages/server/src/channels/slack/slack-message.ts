import type { WebhookBody } from "@midwatch/protocol";
import { firstThatFits, type MessageSummary } from "../../message-summary.ts";
import { shortcode, wakesSomeone } from "../../message-text.ts";

/** Slack takes 40,000 characters; nobody reads more than this in a chat. */
const maxTextLength = 12_000;
const maxBlocks = 50;
const maxFields = 10;
const maxFieldLength = 2_000;
/** A section may have 3,000 characters; a frame around it takes a few. */
const maxSectionLength = 2_900;
/** Longer lines are broken, so that escaping them, which makes at most five characters of one, never outgrows a section. */
const maxLineLength = 500;

export interface SlackMessage {
  /** All of it: for a phone's notification, and for what speaks Slack's language but knows no blocks (Mattermost, Rocket.Chat). */
  readonly text: string;
  readonly blocks: readonly object[];
}

/** `mention` stands before a page, and before nothing else. */
export function renderSlack(message: WebhookBody, mention: string | null): SlackMessage {
  const call = mention !== null && wakesSomeone(message) ? `${mention} ` : "";
  return firstThatFits(
    message,
    (summary) => {
      const { head, facts, rest } = partsOf(message, summary, call);
      const factLines = facts.length === 0 ? [] : [{ lines: facts, framed: false }];
      return {
        text: [...head, ...factLines, ...rest].map(partText).join("\n\n"),
        blocks: [...head.flatMap(sections), ...fieldSections(facts), ...rest.flatMap(sections), context(message)],
        longestFact: Math.max(0, ...facts.map((fact) => fact.length)),
      };
    },
    ({ text, blocks, longestFact }) =>
      text.length <= maxTextLength && blocks.length <= maxBlocks && longestFact <= maxFieldLength,
  );
}

/** Lines that are escaped already; framed ones keep their columns. */
interface Part {
  readonly lines: readonly string[];
  readonly framed: boolean;
}

function partsOf(message: WebhookBody, summary: MessageSummary, call: string) {
  const { text, isTable, log, members, moreMembers, links } = summary;
  const headline = `${call}:${shortcode(message)}: ${bold(summary.headline)}`;
  const words = text === "" ? [] : escapedLines(text.split("\n"));
  const told = [
    ...members.flatMap(({ host, count, members: listed }) => [
      ...(host === null ? [] : [`${bold(host)} (${count})`]),
      ...escapedLines(listed).map((line) => `• ${line}`),
    ]),
    ...(moreMembers === 0 ? [] : [`and ${moreMembers} more`]),
  ];
  const parts: readonly Part[] = [
    { lines: escapedLines(log), framed: true },
    { lines: told, framed: false },
    // Links in words and not as buttons: Slack puts a warning beside a button that no app answers, after it has opened its page.
    { lines: links.map(({ label, url }) => link(label, url)), framed: false },
  ];
  return {
    head: isTable
      ? [
          { lines: [headline], framed: false },
          { lines: words, framed: true },
        ]
      : [{ lines: [headline, ...words], framed: false }],
    facts: summary.facts.map(({ label, value }) => `${escape(label)}: ${bold(value)}`),
    rest: parts.filter(({ lines }) => lines.length > 0),
  };
}

function partText({ lines, framed }: Part): string {
  return framed ? frame(lines.join("\n")) : lines.join("\n");
}

function sections({ lines, framed }: Part): readonly object[] {
  const chunks: string[] = [];
  for (const line of lines) {
    const joined = chunks.length === 0 ? line : `${chunks.at(-1)}\n${line}`;
    if (chunks.length > 0 && joined.length <= maxSectionLength) chunks.splice(-1, 1, joined);
    else chunks.push(line);
  }
  return chunks.filter((chunk) => chunk.trim() !== "").map((chunk) => section(framed ? frame(chunk) : chunk));
}

/** `verbatim`: no names, channels or addresses are looked for in the words. */
function section(text: string): object {
  return { type: "section", text: { type: "mrkdwn", text, verbatim: true } };
}

function fieldSections(facts: readonly string[]): readonly object[] {
  const fields = facts.map((text) => ({ type: "mrkdwn", text, verbatim: true }));
  return fields.flatMap((_, at) =>
    at % maxFields === 0 ? [{ type: "section", fields: fields.slice(at, at + maxFields) }] : [],
  );
}

/** What it is and when, in small letters; the time in the zone of who reads it. */
function context({ at, kind, severity }: WebhookBody): object {
  const seconds = Math.floor(Date.parse(at) / 1_000);
  const when = Number.isNaN(seconds) ? escape(at) : `<!date^${seconds}^{date_short_pretty} {time_secs}|${escape(at)}>`;
  const text = [kind, severity]
    .flatMap((word) => (word === null ? [] : [escape(word)]))
    .concat(when)
    .join(" · ");
  return { type: "context", elements: [{ type: "mrkdwn", text }] };
}

function escapedLines(lines: readonly string[]): readonly string[] {
  return lines.flatMap((line) => broken(line).map(escape));
}

function broken(line: string): readonly string[] {
  if (line.length <= maxLineLength) return [line];
  const pieces = [""];
  for (const character of line) {
    const piece = pieces.at(-1) ?? "";
    if (piece.length + character.length > maxLineLength) pieces.push(character);
    else pieces.splice(-1, 1, piece + character);
  }
  return pieces;
}

function frame(text: string): string {
  return `\`\`\`\n${text.replaceAll("```", "'''")}\n\`\`\``;
}

function bold(text: string): string {
  return `*${escape(text).replaceAll("*", "∗")}*`;
}

function link(label: string, url: string): string {
  return `<${escape(url).replaceAll("|", "%7C")}|${escape(label) || "Open"}>`;
}

/** The three characters of Slack's own escaping: without them `<!channel>` in an agent's message would call everybody. */
function escape(text: string): string {
  return text.replaceAll("&", "&amp;").replaceAll("<", "&lt;").replaceAll(">", "&gt;");
}
