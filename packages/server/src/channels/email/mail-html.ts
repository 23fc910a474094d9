import type { WebhookBody } from "@midwatch/protocol";
import type { MemberGroup, MessageSummary, SummaryLink } from "../../message-summary.ts";
import { escapeHtml } from "../../escape-html.ts";
import { mailPage } from "../../mail/mail-page.ts";
import { breaking, colour, mono, sans } from "../../mail/mail-style.ts";
import { kindOf, sentAt } from "./mail-words.ts";

/** A message as one document that loads nothing and reads in order where its style is dropped. */
export function mailHtml(message: WebhookBody, summary: MessageSummary): string {
  const { word, tone } = kindOf(message);
  const rows = [
    `<p class="${tone}" style="margin:0 0 8px;font:600 13px/18px ${sans};color:${colour[tone]}">&#9679; ${word}</p>
<h1 class="ink" style="margin:0;font:600 21px/28px ${sans};color:${colour.ink};${breaking}">${escapeHtml(summary.headline)}</h1>`,
    textHtml(summary),
    linksHtml(summary.links),
    factsHtml(summary),
    membersHtml(summary),
    logHtml(summary.log),
  ];
  return mailPage({
    title: summary.headline,
    preview: summary.text,
    tone,
    rows: rows.filter((row) => row !== ""),
    foot: `Sent by Midwatch, ${sentAt(message)}`,
  });
}

function textHtml({ text, isTable }: MessageSummary): string {
  if (text === "") return "";
  if (isTable) return preformatted(text);
  const lines = escapeHtml(text).replaceAll("\n", "<br>\n");
  return `<p class="ink" style="margin:0;font:400 15px/23px ${sans};color:${colour.ink};${breaking}">${lines}</p>`;
}

/** Large enough for a thumb. The first one is what most people want; the page that only shows comes last, and is plain. */
function linksHtml(links: readonly SummaryLink[]): string {
  const safe = links.filter(({ url }) => /^https?:\/\//i.test(url));
  const main = safe.findIndex(({ action }) => action !== null);
  return safe
    .map((link, at) => {
      const isMain = at === Math.max(0, main);
      return link.action === null && !isMain ? plainLinkHtml(link) : buttonHtml(link, isMain);
    })
    .join("\n");
}

function plainLinkHtml({ label, url }: SummaryLink): string {
  return `<div><a class="calm" href="${escapeHtml(url)}" style="display:inline-block;padding:12px 0;font:600 14px/20px ${sans};color:${colour.accent};text-decoration:none;${breaking}">${escapeHtml(label)}&nbsp;&rarr;</a></div>`;
}

function buttonHtml({ label, url }: SummaryLink, isMain: boolean): string {
  const [name, background, border, ink] = isMain
    ? (["main-button", colour.accent, colour.accent, colour.surface] as const)
    : (["button", colour.surface, colour.lineStrong, colour.ink] as const);
  const cell = `padding:0;background:${background};border:1px solid ${border};border-radius:8px;mso-padding-alt:11px 16px`;
  const link = `display:inline-block;padding:11px 16px;font:600 14px/20px ${sans};color:${ink};text-decoration:none;${breaking}`;
  return `<table role="presentation" cellpadding="0" cellspacing="0" border="0" style="display:inline-table;border-collapse:separate;margin:0 6px 8px 0;max-width:100%"><tr><td class="${name}" style="${cell}"><a href="${escapeHtml(url)}" style="${link}">${escapeHtml(label || "Open")}</a></td></tr></table>`;
}

function factsHtml({ facts }: MessageSummary): string {
  if (facts.length === 0) return "";
  const cell = `padding:8px 0;border-top:1px solid ${colour.line};vertical-align:top;font:400 14px/20px ${sans};${breaking}`;
  const rows = facts.map(
    ({ label, value }) =>
      `<tr><th class="dim line" scope="row" align="left" width="34%" style="${cell};padding-right:12px;color:${colour.dim}">${escapeHtml(label)}</th>` +
      `<td class="ink line" align="left" style="${cell};color:${colour.ink};font-variant-numeric:tabular-nums">${escapeHtml(value)}</td></tr>`,
  );
  return `<table width="100%" cellpadding="0" cellspacing="0" border="0" style="table-layout:fixed;border-bottom:1px solid ${colour.line}" class="line">\n${rows.join("\n")}\n</table>`;
}

function membersHtml({ members, moreMembers }: MessageSummary): string {
  if (members.length === 0) return "";
  const more = `<p class="dim" style="margin:6px 0 0;font:400 14px/20px ${sans};color:${colour.dim}">and ${moreMembers} more</p>`;
  return members.map(groupHtml).join("\n") + (moreMembers === 0 ? "" : more);
}

function groupHtml({ host, count, members }: MemberGroup): string {
  const head = heading(host === null ? "Agents" : `${host} (${count})`);
  const items = members.map((one) => `<li style="margin:0 0 2px">${escapeHtml(one)}</li>`).join("\n");
  return `${head}<ul class="ink" style="margin:0 0 12px;padding:0 0 0 18px;font:400 14px/21px ${sans};color:${colour.ink};${breaking}">\n${items}\n</ul>`;
}

function logHtml(log: readonly string[]): string {
  return log.length === 0 ? "" : heading("Last lines of the log") + preformatted(log.join("\n"));
}

function heading(text: string): string {
  return `<h2 class="dim" style="margin:0 0 6px;font:600 13px/18px ${sans};color:${colour.dim};${breaking}">${escapeHtml(text)}</h2>`;
}

function preformatted(text: string): string {
  return `<pre class="sunk ink" style="margin:0;padding:12px 14px;background:${colour.ground};border:1px solid ${colour.line};border-radius:8px;font:400 12px/18px ${mono};color:${colour.ink};white-space:pre-wrap;${breaking}">${escapeHtml(text)}</pre>`;
}
