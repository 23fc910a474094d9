import type { WebhookBody } from "@midwatch/protocol";
import { firstThatFits, summaryLines, type MessageSummary } from "../../message-summary.ts";
import { emoji, wakesSomeone } from "../../message-text.ts";

/** Who is called by name when a page goes out, and the permission without which Discord shows the name but calls nobody. */
export interface DiscordMention {
  readonly text: string;
  readonly allowed: {
    readonly parse: readonly string[];
    readonly users?: readonly string[];
    readonly roles?: readonly string[];
  };
}

interface Embed {
  readonly title?: string;
  readonly url?: string;
  readonly color: number;
  readonly description?: string;
  readonly fields?: readonly { readonly name: string; readonly value: string; readonly inline: true }[];
  readonly timestamp?: string;
}

/** Discord's limits, in characters: of single texts, and of all texts of a message together. */
const maxTitle = 256;
const maxDescription = 4_096;
const maxFieldName = 256;
const maxFieldValue = 1_024;
const maxTogether = 6_000;

/**
 * The body for Discord: one embed with the words and the numbers, and a second one below it with the log, the members and the
 * links. What an agent wrote stands only in embeds, where even an unescaped mention calls nobody.
 */
export function renderDiscord(message: WebhookBody, mention: DiscordMention | null): string {
  const called = mention !== null && wakesSomeone(message) ? mention : null;
  return JSON.stringify({
    ...(called === null ? {} : { content: called.text }),
    embeds: firstThatFits(message, (summary) => embeds(message, summary), fits),
    allowed_mentions: called?.allowed ?? { parse: [] },
  });
}

function embeds(message: WebhookBody, summary: MessageSummary): readonly Embed[] {
  const color = colorOf(message);
  const more = details(summary);
  const page = summary.links.find(({ action }) => action === null);
  const text = summary.isTable ? codeBlock(summary.text) : escape(summary.text);
  return [
    {
      title: `${emoji(message)} ${escape(summary.headline)}`,
      ...(page === undefined ? {} : { url: page.url }),
      color,
      ...(text === "" ? {} : { description: text }),
      ...(summary.facts.length === 0
        ? {}
        : {
            fields: summary.facts.map(({ label, value }) => ({
              name: escape(label) || "–",
              value: escape(value),
              inline: true,
            })),
          }),
      timestamp: message.at,
    },
    ...(more === "" ? [] : [{ color, description: more }]),
  ];
}

function details(summary: MessageSummary): string {
  const { log, members } = summaryLines(summary);
  const links = summary.links.map(({ label, url }) => `[${escape(label)}](${url.replaceAll(")", "%29")})`);
  return [
    ...(log.length === 0 ? [] : [codeBlock(log.join("\n"))]),
    ...(members.length === 0 ? [] : [members.map(escape).join("\n")]),
    ...(links.length === 0 ? [] : [links.join(" · ")]),
  ].join("\n\n");
}

function fits(rendered: readonly Embed[]): boolean {
  let together = 0;
  const within = (text: string | undefined, most: number): boolean => {
    together += text?.length ?? 0;
    return (text?.length ?? 0) <= most;
  };
  const each = rendered.every(
    ({ title, description, fields = [] }) =>
      within(title, maxTitle) &&
      within(description, maxDescription) &&
      fields.every(({ name, value }) => within(name, maxFieldName) && within(value, maxFieldValue)),
  );
  return each && together <= maxTogether;
}

function colorOf(message: WebhookBody): number {
  if (message.type === "incident.resolved") return 0x2e9e5b;
  if (message.severity === "page") return 0xd92d20;
  return message.severity === "warn" ? 0xe8a317 : 0x667085;
}

/**
 * What means something to Discord is shown as itself: emphasis, code, spoilers, links and mentions anywhere; headings, lists and
 * quotes where a line begins. A hyphen inside a name is left alone, since a phone's notification shows the backslash.
 */
function escape(text: string): string {
  return text.replaceAll(/[\\*_~`|<[]|(?<=^[ \t]*)[#>+-]/gm, "\\$&");
}

function codeBlock(text: string): string {
  return text === "" ? "" : `\`\`\`\n${text.replaceAll("```", "'''")}\n\`\`\``;
}
