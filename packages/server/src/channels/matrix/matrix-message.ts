import type { WebhookBody } from "@midwatch/protocol";
import { firstThatFits, plainSummary, summaryLines, type MessageSummary } from "../../message-summary.ts";
import { emoji, makesSound, wakesSomeone } from "../../message-text.ts";

/** An event may have 65,536 bytes with all that servers add to it; an edit holds its words twice. */
const maxContentBytes = 48_000;

/**
 * The content of an `m.room.message`. Pages and warnings are `m.text`, the rest `m.notice`, which arrives without a sound. The
 * field `m.mentions` is always there: without it, clients look for names in the words, and an agent could call the whole room.
 */
export function renderMatrix(message: WebhookBody, mention: string | null, edits: string | null): string {
  const called = mention !== null && edits === null && wakesSomeone(message) ? mention : null;
  return firstThatFits(
    message,
    (summary) => {
      const content = contentOf(message, summary, called);
      if (edits === null) return JSON.stringify(content);
      return JSON.stringify({
        ...content,
        // For clients that do not know edits.
        body: `* ${content.body}`,
        "m.new_content": content,
        "m.relates_to": { rel_type: "m.replace", event_id: edits },
      });
    },
    (body) => Buffer.byteLength(body) <= maxContentBytes,
  );
}

function contentOf(message: WebhookBody, summary: MessageSummary, called: string | null) {
  const headline = `${emoji(message)} ${summary.headline}`;
  const call = called === null ? "" : `${called} `;
  return {
    msgtype: makesSound(message) ? "m.text" : "m.notice",
    body: `${call}${headline}\n${plainSummary(summary)}`.trim(),
    format: "org.matrix.custom.html",
    formatted_body: `${callHtml(called)}<strong>${escape(headline)}</strong>${html(summary)}`,
    "m.mentions": called === null ? {} : called === "@room" ? { room: true } : { user_ids: [called] },
  };
}

function html(summary: MessageSummary): string {
  const { members } = summaryLines(summary);
  const { text, isTable, facts, log, links } = summary;
  return [
    text === "" ? "" : isTable ? pre(text) : `<br>${breaks(escape(text))}`,
    facts.length === 0
      ? ""
      : list(facts.map(({ label, value }) => `${escape(label)}: <strong>${escape(value)}</strong>`)),
    log.length === 0 ? "" : pre(log.join("\n")),
    members.length === 0 ? "" : `<p>${breaks(members.map(escape).join("\n"))}</p>`,
    links.length === 0
      ? ""
      : `<p>${links.map(({ label, url }) => `<a href="${escape(url)}">${escape(label)}</a>`).join(" · ")}</p>`,
  ].join("");
}

/** What clients show as a pill with the person's name. */
function callHtml(called: string | null): string {
  if (called === null) return "";
  if (called === "@room") return "@room ";
  return `<a href="https://matrix.to/#/${escape(encodeURIComponent(called))}">${escape(called)}</a> `;
}

function list(items: readonly string[]): string {
  return `<ul>${items.map((item) => `<li>${item}</li>`).join("")}</ul>`;
}

function pre(text: string): string {
  return `<pre><code>${escape(text)}</code></pre>`;
}

function breaks(escaped: string): string {
  return escaped.replaceAll("\n", "<br>").replaceAll("  ", "&nbsp; ");
}

function escape(text: string): string {
  return text.replaceAll("&", "&amp;").replaceAll("<", "&lt;").replaceAll(">", "&gt;").replaceAll('"', "&quot;");
}
