// A report as a mail: what mail programs can show, with charts as pictures. The plain part says all of it, too.

import { upperFirst } from "@midwatch/core";
import type { PatternView, ReportView, WebhookBody } from "@midwatch/protocol";
import type { MailBody, MailPicture } from "../channels/channel.ts";
import { escapeHtml } from "../escape-html.ts";
import { mailPage } from "../mail/mail-page.ts";
import { breaking, colour, sans } from "../mail/mail-style.ts";
import { chartPng, chartSize } from "./chart-png.ts";
import { fleetCharts, patternChart } from "./charts.ts";
import type { Answer, Section, Table } from "./section.ts";
import { reportText } from "./text.ts";
import { reportWords } from "./words.ts";

/** Gmail cuts off what comes after 102 KB. The plain part and the page have all. */
const maxHtmlBytes = 80_000;
const maxPatternCharts = 6;

/** For mail, a report is drawn; every other message is rendered by its channel: null. */
export function renderMail(message: WebhookBody): Promise<MailBody | null> {
  return Promise.resolve(reportMail(message));
}

/** Null for a message that is no report. */
export function reportMail({ report, url }: Pick<WebhookBody, "report" | "url">): MailBody | null {
  if (report === undefined) return null;
  const { heading, summary, notes, sections, quiet } = reportWords(report);
  const pictures = drawn(report);
  const head = [
    `<h1 class="ink" style="margin:0 0 6px;font:600 21px/28px ${sans};color:${colour.ink};${breaking}">${escapeHtml(heading)}</h1>
${paragraph(`${upperFirst(summary)}.`, "ink")}`,
    ...notes.map((note) => paragraph(note, "dim")),
    ...(url === null ? [] : [linkHtml(url)]),
    ...pictures.filter(({ agent }) => agent === null).map(pictureHtml),
  ];
  const shown: string[] = [];
  let bytes = head.join("").length;
  for (const section of sections) {
    const html = sectionHtml(section, pictures);
    bytes += Buffer.byteLength(html);
    if (bytes > maxHtmlBytes) break;
    shown.push(html);
  }
  const left = sections.length - shown.length;
  const more =
    left === 0 ? [] : [paragraph(`No room here for ${left} more; the plain text of this mail has them.`, "dim")];
  const last = quiet === null ? [] : [paragraph(`${quiet}.`, "dim")];
  return {
    text: `${reportText(report)}\n${url === null ? "" : `\n${url}\n`}`,
    html: mailPage({
      title: heading,
      preview: summary,
      tone: report.fleet.needs_human.length > 0 ? "bad" : report.quiet ? "good" : "calm",
      rows: [...head, ...shown, ...more, ...last],
      foot: "Sent by Midwatch. Pictures show nothing that the words do not say.",
    }),
    pictures,
  };
}

interface Drawn extends MailPicture {
  /** Whose pattern it shows; null for all agents. */
  readonly agent: string | null;
  readonly pattern: string | null;
  readonly title: string;
}

function drawn(report: ReportView): readonly Drawn[] {
  const charts = [
    ...fleetCharts(report).map((chart) => ({ agent: null, pattern: null, chart })),
    ...report.fleet.patterns
      .map((one) => ({ agent: one.agent, pattern: one.kind, chart: patternChart(one.agent, one, report.time_zone) }))
      .filter(({ chart }) => chart !== null)
      .slice(0, maxPatternCharts),
  ];
  return charts.flatMap(({ agent, pattern, chart }, index) => {
    if (chart === null) return [];
    const { title, caption } = chart;
    const file = { cid: `chart-${index}`, name: `chart-${index}.png`, png: chartPng(chart) };
    return [{ ...file, agent, pattern, title, alt: `${title}: ${caption}` }];
  });
}

function pictureHtml({ cid, title, alt }: Drawn): string {
  const width = chartSize.width / 2;
  return `<p class="ink" style="margin:0 0 6px;font:600 13px/18px ${sans};color:${colour.ink};${breaking}">${escapeHtml(title)}</p>
<img src="cid:${cid}" width="${width}" alt="${escapeHtml(alt)}" style="display:block;width:100%;max-width:${width}px;height:auto;border:0;border-radius:4px;background:#ffffff">
<p class="dim" style="margin:6px 0 0;font:400 13px/18px ${sans};color:${colour.dim};${breaking}">${escapeHtml(alt.slice(title.length + 2))}</p>`;
}

function sectionHtml({ title, agent, answers, patterns, tables }: Section, pictures: readonly Drawn[]): string {
  return [
    `<h2 class="ink" style="margin:8px 0 4px;font:600 16px/22px ${sans};color:${colour.ink};${breaking}">${escapeHtml(title)}</h2>`,
    `<table width="100%" cellpadding="0" cellspacing="0" border="0" style="table-layout:fixed">`,
    ...answers.map(answerHtml),
    `</table>`,
    ...patterns.map((pattern) =>
      patternHtml(
        pattern,
        pictures.find((one) => one.agent === agent && one.pattern === pattern.kind),
      ),
    ),
    ...tables.map(tableHtml),
  ].join("\n");
}

function answerHtml({ question, answer, notable, lines }: Answer): string {
  const told = notable
    ? `<strong class="bad" style="color:${colour.bad}">${escapeHtml(answer)}</strong>`
    : escapeHtml(answer);
  return (
    `<tr><td class="line" align="left" style="padding:7px 0;border-top:1px solid ${colour.line};${breaking}">` +
    `<div class="dim" style="font:400 13px/18px ${sans};color:${colour.dim}">${escapeHtml(question)}</div>` +
    `<div class="ink" style="font:400 15px/22px ${sans};color:${colour.ink}">${told}</div>${listHtml(lines)}</td></tr>`
  );
}

function patternHtml({ title, evidence, next }: PatternView, picture: Drawn | undefined): string {
  return (
    `<table width="100%" cellpadding="0" cellspacing="0" border="0" style="table-layout:fixed;margin:12px 0 0"><tr>` +
    `<td class="sunk" align="left" style="padding:12px 14px;background:${colour.ground};border:1px solid ${colour.line};border-radius:8px;${breaking}">` +
    `<div class="doubtful" style="font:600 15px/22px ${sans};color:${colour.doubtful}">${escapeHtml(upperFirst(title))}</div>${listHtml(evidence)}` +
    `<div class="ink" style="margin:6px 0 0;font:400 14px/21px ${sans};color:${colour.ink}">&rarr; ${escapeHtml(next)}</div>` +
    `${picture === undefined ? "" : `<div style="margin:10px 0 0">${pictureHtml(picture)}</div>`}</td></tr></table>`
  );
}

function listHtml(lines: readonly string[]): string {
  if (lines.length === 0) return "";
  const items = lines.map((line) => `<li style="margin:0 0 2px">${escapeHtml(line.replaceAll("  ", " · "))}</li>`);
  return `<ul class="ink" style="margin:4px 0 0;padding:0 0 0 18px;font:400 14px/21px ${sans};color:${colour.ink};${breaking}">${items.join("")}</ul>`;
}

/** A month has hundreds of cells: what they have in common stands on the table. */
function tableHtml({ caption, columns, rows }: Table): string {
  const cell = (text: string, index: number): string =>
    `<td class="line" align="${index === 0 ? "left" : "right"}" style="padding:5px 0 5px ${index === 0 ? 0 : 8}px;border-top:1px solid ${colour.line}">${escapeHtml(text)}</td>`;
  const rowHtml = (cells: readonly string[]): string => `<tr>${cells.map(cell).join("")}</tr>`;
  return `<p class="dim" style="margin:14px 0 4px;font:600 13px/18px ${sans};color:${colour.dim}">${escapeHtml(caption)}</p>
<table class="ink" width="100%" cellpadding="0" cellspacing="0" border="0" style="font:400 13px/18px ${sans};color:${colour.ink};font-variant-numeric:tabular-nums">
${[columns, ...rows].map(rowHtml).join("\n")}
</table>`;
}

function paragraph(text: string, tone: "ink" | "dim"): string {
  return `<p class="${tone}" style="margin:0;font:400 15px/23px ${sans};color:${colour[tone]};${breaking}">${escapeHtml(text)}</p>`;
}

function linkHtml(url: string): string {
  return `<a class="calm" href="${escapeHtml(url)}" style="font:600 14px/20px ${sans};color:${colour.accent};text-decoration:none">Open the whole report&nbsp;&rarr;</a>`;
}
