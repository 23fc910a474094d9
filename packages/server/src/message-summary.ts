import type { WebhookBody } from "@midwatch/protocol";
import { clipBytes, headline, oneLine, plainText } from "./message-text.ts";

/*
 * What a person reads, in the order they need it: one line, the words, the numbers, the last lines of the log, who else it is about,
 * where to go on. Each channel marks this up in its own way. Everything here is already without control characters and cut to
 * a bound; what is left to a channel is its own escaping.
 *
 * Every receiver has a limit on a whole message, and each counts differently: bytes, characters after markup, blocks. So a
 * channel does not count in advance. It renders a summary and measures it, and asks `firstThatFits` for less and less until it
 * does. The links are never given up: a page without its "acknowledge" is the worst message to shorten.
 */

export interface MessageSummary {
  /** Agent, what, since when: one line. */
  readonly headline: string;
  /** May have several lines; empty when there is nothing to add to the headline. */
  readonly text: string;
  /** True for a report: a table that needs letters of one width. */
  readonly isTable: boolean;
  readonly facts: readonly SummaryFact[];
  /** Oldest first; the last ones there are. */
  readonly log: readonly string[];
  readonly members: readonly MemberGroup[];
  /** The members that did not fit. */
  readonly moreMembers: number;
  readonly links: readonly SummaryLink[];
}

export interface SummaryFact {
  readonly label: string;
  readonly value: string;
}

export interface MemberGroup {
  /** Null when nobody knows where they run. */
  readonly host: string | null;
  /** All of this host, also those that are not listed. */
  readonly count: number;
  /** One line each: "research-bot: silent since 03:12:00 UTC". */
  readonly members: readonly string[];
}

export interface SummaryLink {
  readonly label: string;
  readonly url: string;
  /** Null for the page that only shows. */
  readonly action: string | null;
}

/** How much of a message is told. */
export interface SummarySize {
  readonly lineBytes: number;
  readonly textBytes: number;
  readonly facts: number;
  readonly logLines: number;
  readonly members: number;
}

const everything: SummarySize = { lineBytes: 300, textBytes: 12_000, facts: 12, logLines: 20, members: 100 };
/** From much to what fits on a watch. Each is about half of the one before. */
const smaller: readonly SummarySize[] = [
  { lineBytes: 250, textBytes: 6_000, facts: 12, logLines: 15, members: 50 },
  { lineBytes: 200, textBytes: 3_000, facts: 12, logLines: 10, members: 25 },
  { lineBytes: 160, textBytes: 1_500, facts: 12, logLines: 6, members: 12 },
  { lineBytes: 120, textBytes: 800, facts: 6, logLines: 3, members: 6 },
  { lineBytes: 100, textBytes: 400, facts: 3, logLines: 0, members: 3 },
  { lineBytes: 80, textBytes: 120, facts: 0, logLines: 0, members: 0 },
];

/** What every receiver takes on a button. A link that is longer would cost the whole message. */
const maxUrlLength = 512;
const maxLabelBytes = 60;
const maxLinks = 7;
/** All labels and URLs together: they must fit even where the rest is down to a line. */
const maxLinksLength = 3_000;

/** Renders with the largest summary that fits; the smallest one is taken as it is. */
export function firstThatFits<Rendered>(
  message: WebhookBody,
  render: (summary: MessageSummary) => Rendered,
  fits: (rendered: Rendered) => boolean,
): Rendered {
  let rendered = render(summarize(message));
  for (const size of smaller) {
    if (fits(rendered)) break;
    rendered = render(summarize(message, size));
  }
  return rendered;
}

/** What a message says, as data; as much as `size` allows, or all of it. */
export function summarize(message: WebhookBody, size: SummarySize = everything): MessageSummary {
  const line = (text: string): string => clipLine(oneLine(text), size.lineBytes);
  const { groups, left } = groupMembers(message.members, size.members, line);
  const log = size.logLines === 0 ? [] : message.log.slice(-size.logLines);
  return {
    headline: line(headline(message)),
    text: clipBytes(plainText(message.text).trim(), size.textBytes),
    isTable: message.type.startsWith("report."),
    facts: message.facts
      .slice(0, size.facts)
      .map(({ label, value }) => ({ label: line(label), value: line(value) }))
      .filter(({ value }) => value !== ""),
    log: log.map((one) => clipLine(plainText(one).replaceAll("\n", " ").trimEnd(), size.lineBytes)),
    members: groups,
    moreMembers: left,
    links: linksOf(message),
  };
}

function linksOf({ actions, url }: WebhookBody): readonly SummaryLink[] {
  const all = [
    ...actions.map((one) => ({ label: clipLine(oneLine(one.label), maxLabelBytes), url: one.url, action: one.action })),
    ...(url === null ? [] : [{ label: "Open in Midwatch", url, action: null }]),
  ];
  let left = maxLinksLength;
  return all.slice(0, maxLinks).filter(({ label, url: target }) => {
    if (target.length > maxUrlLength || label.length + target.length > left) return false;
    left -= label.length + target.length;
    return true;
  });
}

export interface SummaryLines {
  /** "label: value". */
  readonly facts: readonly string[];
  readonly log: readonly string[];
  /** Under a line for each host, where hosts are known; at the end "and 12 more". */
  readonly members: readonly string[];
  /** "Label: URL". */
  readonly links: readonly string[];
}

/** The parts below the text as plain lines, for receivers without markup. */
export function summaryLines(summary: MessageSummary): SummaryLines {
  return {
    facts: summary.facts.map(({ label, value }) => `${label}: ${value}`),
    log: summary.log,
    members: memberLines(summary),
    links: summary.links.map(({ label, url }) => `${label}: ${url}`),
  };
}

/** The whole message below its headline as plain text, parts an empty line apart. */
export function plainSummary(summary: MessageSummary): string {
  const { facts, log, members, links } = summaryLines(summary);
  const logPart = log.length === 0 ? [] : ["Last lines of the log:", ...log.map((one) => `  ${one}`)];
  return [[summary.text], facts, logPart, members, links]
    .map((part) => part.join("\n"))
    .filter((part) => part !== "")
    .join("\n\n");
}

function memberLines({ members, moreMembers }: MessageSummary): string[] {
  const lines = members.flatMap(({ host, count, members: listed }) =>
    host === null ? listed : [`${host} (${count}):`, ...listed.map((one) => `  ${one}`)],
  );
  return moreMembers === 0 ? lines : [...lines, `and ${moreMembers} more`];
}

/** Takes from every host in turn, so that a host with hundreds does not hide that another one is gone too. */
function groupMembers(
  members: WebhookBody["members"],
  limit: number,
  line: (text: string) => string,
): { readonly groups: readonly MemberGroup[]; readonly left: number } {
  const byHost = Map.groupBy(members, ({ host }) => host);
  const shown = new Map<string | null, string[]>();
  let room = limit;
  for (let turn = 0; room > 0 && turn < members.length; turn += 1) {
    for (const [host, ofHost] of byHost) {
      const member = ofHost[turn];
      if (member === undefined || room === 0) continue;
      room -= 1;
      const told = line(headline(member)) + (member.resolved_at === null ? "" : " (recovered)");
      shown.set(host, [...(shown.get(host) ?? []), told]);
    }
  }
  const groups = [...shown].map(([host, listed]) => ({
    host: host === null ? null : line(host),
    count: byHost.get(host)?.length ?? 0,
    members: listed,
  }));
  return { groups, left: members.length - (limit - room) };
}

function clipLine(text: string, bytes: number): string {
  if (Buffer.byteLength(text) <= bytes) return text;
  let used = Buffer.byteLength("…");
  let kept = "";
  for (const character of text) {
    used += Buffer.byteLength(character);
    if (used > bytes) break;
    kept += character;
  }
  return `${kept}…`;
}
