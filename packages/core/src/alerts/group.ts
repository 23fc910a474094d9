// Incidents that begin together mostly have one cause, and a message for each hides it. So what is decided within a few
// seconds is gathered, and where several have a host and a kind of trouble in common one message speaks for all of them. It
// lists them; those that follow join it. Where a channel can change what it sent, the message is kept up to date; elsewhere the
// ones that joined are told of at most every five minutes.
//
// A silence of half the fleet is the strongest case: a network, a provider, a host of many. It needs no common host.

import type { Ms } from "../time.ts";
import { fewestOf, fleetKey, joinable, keyOf, openGroups, whatOf, type OpenGroups } from "./common-cause.ts";
import { followUpMs, isMuted, returnsAt, routeOf, updatesAt, worst, type Group } from "./group-state.ts";
import { groupWords, listNames, returnWords } from "./group-words.ts";
import { forgetRow, groupKey, keep, recall, say, threadKey, type Sitting } from "./sitting.ts";
import {
  acknowledgedWords,
  acknowledgementOf,
  begunAnew,
  dueSteps,
  holdLooksMs,
  memberOf,
  nextOf,
  nothingTold,
  quietFor,
  sayOf,
  stepId,
  toldOfRise,
  type Thread,
} from "./thread.ts";

/** So many or fewer that are not back with the others are told of one by one. */
const fewAlone = 5;

/** Puts threads that belong together into groups; what is left is told one by one. */
export function groupThreads(sitting: Sitting, threads: readonly Thread[]): readonly Thread[] {
  const alone: Thread[] = [];
  for (const [key, some] of Map.groupBy(threads, (thread) => keyOf(sitting, thread))) {
    const [first] = some;
    const group = key === null ? null : joinable(sitting, key);
    if (group !== null) join(sitting, group, some);
    else if (key !== null && first && some.length >= fewestOf(sitting, key, first)) open(sitting, key, some);
    else alone.push(...some);
  }
  return alone;
}

/** A member is over. */
export function memberBack(sitting: Sitting, thread: Thread, at: Ms): void {
  const group = thread.group === null ? null : recall<Group>(sitting, groupKey(thread.group));
  if (group === null) return;
  const members = group.members.map((member) => (member.thread === thread.id ? { ...member, resolvedAt: at } : member));
  const next = {
    ...group,
    members,
    firstBackAt: group.firstBackAt ?? sitting.now,
    backSince: group.backSince ?? sitting.now,
  };
  if (members.every(({ resolvedAt }) => resolvedAt !== null)) endGroup(sitting, next);
  else touch(sitting, next);
}

/** A member is looked after; when all are, the group is, and those who were told hear of it. */
export function memberAcknowledged(sitting: Sitting, thread: Thread): void {
  const group = thread.group === null ? null : recall<Group>(sitting, groupKey(thread.group));
  if (group === null) return;
  const members = group.members.map((one) => (one.thread === thread.id ? { ...one, acknowledged: true } : one));
  const all = members.every(({ acknowledged, resolvedAt }) => acknowledged || resolvedAt !== null);
  if (!all || group.telling.acknowledgedBy !== null) return store(sitting, { ...group, members });
  const { acknowledgedBy, acknowledgedAt } = thread.telling;
  const telling = { ...group.telling, acknowledgedBy, acknowledgedAt };
  // Who joined meanwhile is looked after, too: no reminder follows to tell of them.
  const looked: Group = { ...group, members, telling, untold: 0 };
  const channels = telling.told.filter((channel) => sitting.rules.hearsAcknowledgements(channel));
  say(sitting, { ...about(sitting, looked), what: "acknowledged", id: `${group.id}_acknowledged`, channels });
  store(sitting, looked);
}

/** The first member that rises to a page takes the group with it; the others follow without a word. */
export function memberRaised(sitting: Sitting, thread: Thread): void {
  const group = thread.group === null ? null : recall<Group>(sitting, groupKey(thread.group));
  if (group !== null && group.severity !== thread.severity)
    raiseGroup(sitting, { ...group, severity: thread.severity });
}

/** Its time has come: a step, a reminder, those who joined, or the end of the wait for those who are not back. */
export function groupDue(sitting: Sitting, key: string): void {
  const group = recall<Group>(sitting, key);
  if (group === null) return;
  const { now } = sitting;
  let next = group;
  if (now >= returnsAt(group)) {
    if (group.members.filter(({ resolvedAt }) => resolvedAt === null).length <= fewAlone)
      return endGroup(sitting, group);
    next = sayBack(sitting, group);
  }
  if (now >= updatesAt(group)) sitting.touched.add(group.id);
  const quiet = quietFor(sitting, group) !== null;
  if (next.untold > 0 && !quiet && now - next.telling.lastAt >= followUpMs) next = followUp(sitting, next);
  store(sitting, tellSteps(sitting, next));
}

/** Says what changed in groups during this sitting, once for each, where a message can be changed. */
export function sayTouched(sitting: Sitting): void {
  for (const id of sitting.touched) {
    const group = recall<Group>(sitting, groupKey(id));
    if (group === null || sitting.now < updatesAt(group)) continue;
    const channels = group.telling.told.filter((channel) => sitting.rules.canUpdate(channel));
    say(sitting, { ...about(sitting, group), what: "updated", id: `${id}_updated_${sitting.now}`, channels });
    store(sitting, { ...group, stale: false, updatedAt: sitting.now });
  }
}

function open(sitting: Sitting, key: string, threads: readonly Thread[]): void {
  const { now, rules } = sitting;
  const [first] = threads;
  if (!first) return;
  const fleet = rules.fleet(now);
  const group: Group = {
    id: `grp_${now}_${(recall<OpenGroups>(sitting, openGroups)?.groups.length ?? 0) + 1}`,
    key,
    what: whatOf(key, first),
    route: rules.routeOf(first).name,
    host: key.startsWith(fleetKey) ? null : first.host,
    members: threads.map(memberOf),
    severity: worst(threads),
    tags: first.tags,
    openedAt: now,
    since: Math.min(...threads.map(({ since }) => since)),
    lastJoinAt: now,
    firstBackAt: null,
    backSince: null,
    stale: false,
    updatedAt: 0,
    untold: 0,
    telling: nothingTold,
    outOf: fleet.up + fleet.silentLately,
  };
  for (const thread of threads) keepIn(sitting, thread, group.id);
  const open = recall<OpenGroups>(sitting, openGroups)?.groups ?? [];
  keep(sitting, openGroups, { groups: [...open, { id: group.id, key }] }, null);
  store(sitting, tellSteps(sitting, group));
}

function join(sitting: Sitting, group: Group, threads: readonly Thread[]): void {
  for (const thread of threads) keepIn(sitting, thread, group.id);
  const members = [...group.members, ...threads.map(memberOf)];
  const joined: Group = { ...group, members, lastJoinAt: sitting.now, untold: group.untold + threads.length };
  if (worst(threads) === "page" && group.severity !== "page") raiseGroup(sitting, { ...joined, severity: "page" });
  else touch(sitting, joined);
}

/** It has become worse, as a thread can. */
function raiseGroup(sitting: Sitting, group: Group): void {
  const { now } = sitting;
  const anew = begunAnew(group.telling, now);
  if (isMuted(sitting, group)) return store(sitting, { ...group, telling: anew });
  const { channels, telling } = toldOfRise(anew, routeOf(sitting, group), now);
  say(sitting, { ...about(sitting, group), what: "raised", id: `${group.id}_raised`, channels });
  store(sitting, { ...group, telling, untold: 0 });
}

/** Whoever is not back is told of by itself from now on, as one that everybody has heard of. */
function endGroup(sitting: Sitting, group: Group): void {
  const { now } = sitting;
  say(sitting, {
    ...about(sitting, group),
    ...returnWords(group, now),
    what: "resolved",
    id: `${group.id}_resolved`,
    channels: group.telling.told,
  });
  for (const { thread: id, resolvedAt } of group.members) {
    const thread = recall<Thread>(sitting, threadKey(id));
    if (resolvedAt !== null || thread === null) {
      forgetRow(sitting, threadKey(id));
      continue;
    }
    const { acknowledgedBy, acknowledgedAt } = thread.telling.acknowledgedBy === null ? group.telling : thread.telling;
    const telling = { ...group.telling, lastAt: now, acknowledgedBy, acknowledgedAt };
    const alone: Thread = { ...thread, group: null, telling };
    // What was opened for all is closed now, so it is opened for whoever is left.
    const held = sitting.rules.mutedBy(alone, now) !== null || quietFor(sitting, alone) !== null;
    if (acknowledgedBy === null && !held)
      sayOf(sitting, alone, { what: "opened", id: `${id}_opened`, channels: telling.told });
    keep(sitting, threadKey(id), alone, nextOf(telling, sitting.rules.routeOf(alone)));
  }
  const open = recall<OpenGroups>(sitting, openGroups)?.groups ?? [];
  keep(sitting, openGroups, { groups: open.filter(({ id }) => id !== group.id) }, null);
  forgetRow(sitting, groupKey(group.id));
  sitting.touched.delete(group.id);
}

/** Where a message can be changed it shows already who is back. */
function sayBack(sitting: Sitting, group: Group): Group {
  const channels = group.telling.told.filter((channel) => !sitting.rules.canUpdate(channel));
  const id = `${group.id}_back_${sitting.now}`;
  say(sitting, { ...about(sitting, group), ...returnWords(group, sitting.now), what: "updated", id, channels });
  return { ...group, backSince: null };
}

function tellSteps(sitting: Sitting, group: Group): Group {
  const { now } = sitting;
  if (group.telling.acknowledgedBy !== null || isMuted(sitting, group) || quietFor(sitting, group) !== null)
    return group;
  const route = routeOf(sitting, group);
  const { fresh, again, telling } = dueSteps(group.telling, route, now);
  say(sitting, { ...about(sitting, group), what: "opened", id: `${group.id}_opened`, channels: fresh });
  say(sitting, { ...about(sitting, group), what: "reminder", id: stepId(group.id, telling), channels: again });
  const told = fresh.length + again.length > 0;
  if (told) return { ...group, telling, untold: 0 };
  if (route.remindMs === null || now - telling.lastAt < route.remindMs) return { ...group, telling };
  const reminders = telling.reminders + 1;
  say(sitting, {
    ...about(sitting, group),
    what: "reminder",
    id: `${group.id}_reminder_${reminders}`,
    channels: telling.told,
  });
  return { ...group, telling: { ...telling, reminders, lastAt: now }, untold: 0 };
}

function followUp(sitting: Sitting, group: Group): Group {
  const { now, rules } = sitting;
  const channels = group.telling.told.filter((channel) => !rules.canUpdate(channel));
  const joined = group.members.slice(-group.untold).map(({ agent }) => agent);
  const message = about(sitting, group);
  say(sitting, {
    ...message,
    what: "reminder",
    id: `${group.id}_joined_${group.members.length}`,
    text: `Joined since: ${listNames(joined)}. ${message.text}`,
    channels,
  });
  return { ...group, untold: 0, telling: { ...group.telling, lastAt: now } };
}

function touch(sitting: Sitting, group: Group): void {
  sitting.touched.add(group.id);
  store(sitting, { ...group, stale: true });
}

function store(sitting: Sitting, group: Group): void {
  const { now } = sitting;
  const quiet = quietFor(sitting, group) ?? 0;
  const times = [
    Math.max(quiet, nextOf(group.telling, routeOf(sitting, group)) ?? Infinity),
    returnsAt(group),
    updatesAt(group),
    group.untold > 0 ? Math.max(quiet, group.telling.lastAt + followUpMs) : Infinity,
  ];
  const next = Math.min(...times);
  const muted = isMuted(sitting, group);
  // While it is muted nothing is told; the end of the silence is looked for.
  keep(sitting, groupKey(group.id), group, next === Infinity ? null : muted ? Math.max(next, now + holdLooksMs) : next);
}

function keepIn(sitting: Sitting, thread: Thread, group: string): void {
  keep(sitting, threadKey(thread.id), { ...thread, hold: null, group }, null);
}

function about(sitting: Sitting, group: Group) {
  const { id, members, severity, since } = group;
  const kinds = new Set(members.map(({ kind }) => kind));
  const kind = kinds.size === 1 ? (members[0]?.kind ?? null) : null;
  const acknowledged = acknowledgementOf(group.telling);
  const { title, text: words } = groupWords(group, sitting.now);
  const text = acknowledged === null ? words : `${acknowledgedWords(acknowledged)} ${words}`;
  return { thread: id, agent: null, kind, severity, since, members, acknowledged, detail: null, title, text };
}
