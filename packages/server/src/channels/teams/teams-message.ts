import type { WebhookBody } from "@midwatch/protocol";
import { firstThatFits, summaryLines, type MessageSummary, type SummaryLink } from "../../message-summary.ts";
import { emoji } from "../../message-text.ts";

/** Teams takes 28 KB, and the workflow adds something of its own. */
const maxBodyBytes = 27_000;
/** What Teams shows beside each other; the rest would be left out. */
const maxActionsInRow = 6;

/**
 * The body for a workflow that posts cards: one Adaptive Card of version 1.4, the newest that Teams shows on desks and phones.
 *
 * Text stands in rich text blocks, which know no Markdown: what an agent wrote is shown letter by letter, with nothing to escape. They know
 * no line breaks either, so each line is a block of its own.
 */
export function renderTeams(message: WebhookBody): string {
  return firstThatFits(
    message,
    (summary) =>
      JSON.stringify({
        type: "message",
        attachments: [
          {
            contentType: "application/vnd.microsoft.card.adaptive",
            contentUrl: null,
            content: card(message, summary),
          },
        ],
      }),
    (body) => Buffer.byteLength(body) <= maxBodyBytes,
  );
}

function card(message: WebhookBody, summary: MessageSummary): object {
  const headline = `${emoji(message)} ${summary.headline}`;
  const { members } = summaryLines(summary);
  return {
    $schema: "http://adaptivecards.io/schemas/adaptive-card.json",
    type: "AdaptiveCard",
    version: "1.4",
    msteams: { width: "Full" },
    // What a client that can't show the card says, and what is read aloud.
    fallbackText: headline,
    speak: headline,
    body: [
      {
        type: "Container",
        style: styleOf(message),
        bleed: true,
        items: [block([{ text: headline, weight: "Bolder", size: "Medium" }])],
      },
      ...lines(summary.text.split("\n"), summary.isTable ? "Monospace" : "Default"),
      ...summary.facts.map(({ label, value }, at) =>
        block([{ text: `${label}: ` }, { text: value, weight: "Bolder" }], at === 0),
      ),
      ...lines(summary.log, "Monospace"),
      ...lines(members, "Default"),
      ...actionRows(summary.links),
    ],
  };
}

interface Run {
  readonly text: string;
  readonly weight?: "Bolder";
  readonly size?: "Medium";
  readonly fontType?: "Monospace" | "Default";
}

function block(runs: readonly Run[], first = true): object {
  return {
    type: "RichTextBlock",
    ...(first ? {} : { spacing: "None" }),
    inlines: runs.map((run) => ({ type: "TextRun", ...run })),
  };
}

function lines(texts: readonly string[], fontType: "Monospace" | "Default"): readonly object[] {
  // An empty line is the space before the next one.
  let first = true;
  return texts.flatMap((text) => {
    if (text.trim() === "") {
      first = true;
      return [];
    }
    const made = block([{ text: keepSpaces(text), ...(fontType === "Default" ? {} : { fontType }) }], first);
    first = false;
    return [made];
  });
}

/** Teams makes one space of several, and columns and indents would go. */
function keepSpaces(text: string): string {
  return text.replaceAll("\t", "    ").replaceAll(/^ | (?= )/g, "\u00A0");
}

function actionRows(links: readonly SummaryLink[]): readonly object[] {
  const actions = links.map(({ label, url }) => ({ type: "Action.OpenUrl", title: label || "Open", url }));
  return actions.flatMap((_, at) =>
    at % maxActionsInRow === 0 ? [{ type: "ActionSet", actions: actions.slice(at, at + maxActionsInRow) }] : [],
  );
}

function styleOf(message: WebhookBody): "attention" | "warning" | "good" | "emphasis" {
  if (message.type === "incident.resolved") return "good";
  if (message.severity === "page") return "attention";
  return message.severity === "warn" ? "warning" : "emphasis";
}
