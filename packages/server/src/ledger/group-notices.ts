import { spellCount, spellDuration, type Ms } from "@midwatch/core";
import type { Announcement } from "./announce.ts";
import type { Census } from "./census.ts";
import type { AgentOutcome, Notice } from "./fold-agents.ts";
import { isOver, judgeSilence, noteReturns, type Episode } from "./mass-silence.ts";

/** What is told, and to be remembered once it is written. */
export interface NoticePlan {
  readonly notices: readonly Notice[];
  readonly announcements: readonly Announcement[];
  readonly episode: Episode | null;
}

/** Names listed in a grouped notice; the rest are counted. */
const maxNamed = 20;

/** Replaces notices that have one cause by one announcement. Pure: the caller keeps the episode of the plan. */
export function groupNotices(
  notices: readonly Notice[],
  outcomes: ReadonlyMap<string, AgentOutcome>,
  given: { readonly census: Census; readonly episode: Episode | null; readonly now: Ms },
): NoticePlan {
  if (notices.length === 0) return { notices, announcements: [], episode: given.episode };
  const back = notices.filter(
    (notice) => isSilent(notice, "resolved") && given.episode?.members.includes(notice.agent),
  );
  const names = back.map((notice) => notice.agent);
  const episode = given.episode && back.length > 0 ? noteReturns(names, given.episode, given.now) : given.episode;
  const others = notices.filter((notice) => !back.includes(notice));
  const silence = groupSilence(others, outcomes, { ...given, episode });
  const supervisors = groupSupervisors(silence.notices, given.census);
  return {
    notices: supervisors.notices,
    announcements: [...silence.announcements, ...supervisors.announcements],
    episode: silence.episode,
  };
}

/** The notice that a common silence is over, when it is; the caller then drops the episode. */
export function announceReturn(episode: Episode, now: Ms): Announcement | null {
  if (!isOver(episode, now)) return null;
  const { joined, members, startedAt } = episode;
  const backCount = joined - members.length;
  const all = members.length === 0;
  return {
    id: `mass_${episode.id}_resolved`,
    what: "resolved",
    kind: "silent",
    severity: "page",
    at: now,
    title: all
      ? `all ${spellCount(joined)} agents are beating again`
      : `${spellCount(backCount)} of ${spellCount(joined)} agents are beating again`,
    text: all
      ? `The common silence was noticed ${spellDuration(now - startedAt)} ago. They recovered by themselves.`
      : `Still silent: ${listNames(members)}. From now on each is told of by itself.`,
  };
}

function groupSilence(
  notices: readonly Notice[],
  outcomes: ReadonlyMap<string, AgentOutcome>,
  given: { readonly census: Census; readonly episode: Episode | null; readonly now: Ms },
): NoticePlan {
  const goingDown = notices.filter((notice) => isSilent(notice, "opened")).map((notice) => notice.agent);
  if (goingDown.length === 0) return { notices, announcements: [], episode: given.episode };
  const counted = countAfter(outcomes, given.census, given.now);
  const verdict = judgeSilence({ now: given.now, goingDown, ...counted }, given.episode);
  if (verdict.notice === "each") return { notices, announcements: [], episode: verdict.episode };
  const announcements =
    verdict.notice === "common" && verdict.episode ? [announceSilence(verdict.episode, counted, given.census)] : [];
  return {
    notices: notices.filter((notice) => !isSilent(notice, "opened")),
    announcements,
    episode: verdict.episode,
  };
}

/** The census with this fold's outcomes on top: they are not in it before they are written. */
function countAfter(
  outcomes: ReadonlyMap<string, AgentOutcome>,
  census: Census,
  now: Ms,
): { readonly silentLately: number; readonly up: number } {
  const lately = new Set(census.silentLately(now));
  let up = census.countOf("up");
  for (const { name, state } of outcomes.values()) {
    const was = census.get(name)?.state;
    if (was === "up") up -= 1;
    if (state.state === "up") up += 1;
    if (state.state === "late" || state.state === "down") lately.add(name);
    else lately.delete(name);
  }
  return { silentLately: lately.size, up };
}

function announceSilence(
  episode: Episode,
  counted: { readonly silentLately: number; readonly up: number },
  census: Census,
): Announcement {
  const { silentLately, up } = counted;
  const hosts = new Map<string, number>();
  for (const name of census.silentLately(episode.startedAt)) {
    const host = census.get(name)?.host ?? "no known host";
    hosts.set(host, (hosts.get(host) ?? 0) + 1);
  }
  const byHost = [...hosts].toSorted((a, b) => b[1] - a[1]).slice(0, maxNamed);
  return {
    id: `mass_${episode.id}_opened`,
    what: "opened",
    kind: "silent",
    severity: "page",
    at: episode.startedAt,
    title: `probable common cause: ${spellCount(silentLately)} of ${spellCount(silentLately + up)} agents fell silent together`,
    text:
      `Look at what they share first: the network, a host, a provider. ` +
      `By host: ${byHost.map(([host, count]) => `${host} ${spellCount(count)}`).join(", ")}. ` +
      `Among them: ${listNames(episode.members)}. Others that go down now join this notice; each has its own incident.`,
  };
}

/** A supervisor that is lost (or back) is one fact, however many agents it keeps. */
function groupSupervisors(
  notices: readonly Notice[],
  census: Census,
): { readonly notices: readonly Notice[]; readonly announcements: readonly Announcement[] } {
  const bySupervisor = Map.groupBy(
    notices.filter((notice) => notice.incident.kind === "supervisor-lost" && notice.what !== "raised"),
    (notice) => `${census.get(notice.agent)?.supervisor ?? ""} ${notice.what}`,
  );
  const grouped = new Set<Notice>();
  const announcements: Announcement[] = [];
  for (const members of bySupervisor.values()) {
    const [first] = members;
    if (members.length < 2 || !first) continue;
    for (const member of members) grouped.add(member);
    announcements.push(announceSupervisor(first, members, census));
  }
  return { notices: notices.filter((notice) => !grouped.has(notice)), announcements };
}

function announceSupervisor(first: Notice, members: readonly Notice[], census: Census): Announcement {
  const entry = census.get(first.agent);
  const lost = first.what === "opened";
  const names = members.map((member) => member.agent);
  const since = new Date(first.incident.since).toISOString();
  return {
    id: `sup_${entry?.supervisor ?? "unknown"}_${first.incident.openedAt}_${lost ? "opened" : "resolved"}`,
    what: lost ? "opened" : "resolved",
    kind: "supervisor-lost",
    severity: "page",
    at: first.at,
    title: `the supervisor on ${entry?.host ?? "an unknown host"} ${lost ? "is not heard any more" : "is back"}`,
    text: lost
      ? `It was last heard at ${since}. Nothing restarts its agents while it is away, and their silence is judged here: ${listNames(names)}. Check the host and the supervisor's process.`
      : `It keeps ${listNames(names)} again. What it saw in the meantime is being delivered.`,
  };
}

function isSilent(notice: Notice, what: Notice["what"]): boolean {
  return notice.incident.kind === "silent" && notice.what === what;
}

function listNames(names: readonly string[]): string {
  const named = names.slice(0, maxNamed).join(", ");
  return names.length > maxNamed ? `${named} and ${spellCount(names.length - maxNamed)} more` : named;
}
