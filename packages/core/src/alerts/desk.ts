// Who is told what, and when? The ledger writes what happened; here it becomes messages. Four questions, in this order:
//
//   1. Is it to be told at all now? Silences, maintenance, an agent it depends on, quiet hours hold it back.
//   2. Does it belong to others that began with it? What comes within a moment is gathered, then grouped (`group.ts`).
//   3. Does it come and go? Then that is told once instead (`flapping.ts`).
//   4. Who, after how long? The route's steps, until somebody acknowledges it or it is over; then the recovery, to
//      everybody who was told, and to nobody else.
//
// Nothing is forgotten by being held back: every hold ends, and what is still open then is told.

import { spellDuration } from "../spell.ts";
import { MINUTE, type DurationMs, type Ms } from "../time.ts";
import { countOpening, endFlapping, staysMs } from "./flapping.ts";
import { groupDue, groupThreads, memberAcknowledged, memberBack, memberRaised, sayTouched } from "./group.ts";
import { gather, gatherEnd, gatherKey, type Gathered } from "./gathering.ts";
import type { AlertMessage } from "./message.ts";
import type { AlertNotice } from "./notice.ts";
import { sayCatchUps } from "./catch-up.ts";
import type { AlertRules } from "./rules.ts";
import { forgetRow, keep, recall, threadKey, type DeskEntry, type Sitting } from "./sitting.ts";
import {
  acknowledgedWords,
  begunAnew,
  dueSteps,
  holdLooksMs,
  newThread,
  nextOf,
  quietFor,
  sayOf,
  stepId,
  toldOfRise,
  type Hold,
  type Thread,
} from "./thread.ts";

const settled = "just back";
const settleMs: DurationMs = 2 * MINUTE;

export interface DeskInput {
  readonly now: Ms;
  /** In the order in which they were written. */
  readonly notices: readonly AlertNotice[];
  /** Rows whose time has come. */
  readonly due: readonly DeskEntry[];
  readonly read: (key: string) => DeskEntry | null;
}

export interface DeskOutcome {
  /** Changed rows by key; null takes one away. */
  readonly rows: ReadonlyMap<string, DeskEntry | null>;
  readonly messages: readonly AlertMessage[];
}

export function sitDown({ now, notices, due, read }: DeskInput, rules: AlertRules): DeskOutcome {
  const sitting: Sitting = {
    ...{ now, rules, read },
    changed: new Map(),
    messages: [],
    touched: new Set(),
    afterQuiet: new Map(),
  };
  for (const notice of notices) take(sitting, notice);
  for (const { key } of due) look(sitting, key);
  const gathered = recall<Gathered>(sitting, gatherKey);
  if (gathered !== null && gathered.until <= now) flush(sitting, gathered);
  sayCatchUps(sitting);
  sayTouched(sitting);
  return { rows: sitting.changed, messages: sitting.messages };
}

function take(sitting: Sitting, notice: AlertNotice): void {
  const key = threadKey(notice.thread);
  const thread = recall<Thread>(sitting, key);
  switch (notice.what) {
    case "opened":
      if (thread === null) admit(sitting, newThread(notice));
      return;
    case "raised":
      return raise(sitting, thread ?? newThread(notice), notice);
    case "acknowledged":
      if (thread !== null) acknowledge(sitting, thread, notice);
      return;
    case "resolved":
      return resolve(sitting, thread, notice);
  }
}

/** A row's time has come, unless a notice of this sitting has just moved it. */
function look(sitting: Sitting, key: string): void {
  const entry = sitting.changed.has(key) ? sitting.changed.get(key) : sitting.read(key);
  if (!entry || entry.nextAt === null || entry.nextAt > sitting.now) return;
  if (key.startsWith("flap:")) return endFlapping(sitting, key);
  if (key.startsWith("group:")) return groupDue(sitting, key);
  const thread = key.startsWith("thread:") ? recall<Thread>(sitting, key) : null;
  if (thread === null) return;
  if (thread.hold === null) return goOn(sitting, thread);
  if (thread.hold.why === "quiet-hours") return afterQuiet(sitting, thread);
  if (thread.resolvedAt !== null) return forgetRow(sitting, key);
  admit(sitting, { ...thread, hold: null }, thread.hold);
}

/** Holds it back, or lets it be gathered. `before` is the hold that has just ended. */
function admit(sitting: Sitting, thread: Thread, before: Hold | null = null): void {
  const hold = holdOf(sitting, thread) ?? settling(sitting, before);
  if (hold !== null) return keep(sitting, threadKey(thread.id), { ...thread, hold }, hold.until);
  // What has stayed for as long as flapping may is told by itself.
  if (thread.agent === null || before?.why === "flapping") return tell(sitting, thread);
  gather(sitting, thread);
}

/** What it depends on has just come back: it gets the time to follow. */
function settling(sitting: Sitting, before: Hold | null): Hold | null {
  if (before?.why !== "behind" || before.note === settled) return null;
  return { why: "behind", until: sitting.now + settleMs, note: settled };
}

function holdOf(sitting: Sitting, thread: Thread): Hold | null {
  const { now, rules } = sitting;
  const muted = rules.mutedBy(thread, now);
  if (muted !== null) {
    return { why: muted.why, until: Math.min(muted.until, now + holdLooksMs), note: muted.reason };
  }
  const down = thread.agent === null ? [] : rules.downBefore(thread.agent);
  if (down.length > 0) return { why: "behind", until: now + holdLooksMs, note: down.join(", ") };
  const quietUntil = quietFor(sitting, thread);
  return quietUntil === null ? null : { why: "quiet-hours", until: quietUntil, note: "" };
}

function flush(sitting: Sitting, gathered: Gathered): void {
  forgetRow(sitting, gatherKey);
  const threads = gathered.threads.flatMap((id) => {
    const thread = recall<Thread>(sitting, threadKey(id));
    if (thread?.hold?.why !== "gathering") return [];
    // Meanwhile its dependency may have been found down, or somebody may have silenced it.
    const hold = holdOf(sitting, thread);
    if (hold === null) return [{ ...thread, hold: null }];
    keep(sitting, threadKey(id), { ...thread, hold }, hold.until);
    return [];
  });
  for (const thread of groupThreads(sitting, threads)) {
    if (countOpening(sitting, thread)) {
      const hold: Hold = { why: "flapping", until: sitting.now + staysMs, note: "" };
      keep(sitting, threadKey(thread.id), { ...thread, hold }, hold.until);
    } else tell(sitting, thread);
  }
  for (const notice of gathered.ended) {
    const thread = recall<Thread>(sitting, threadKey(notice.thread));
    if (thread !== null) resolve(sitting, thread, notice);
  }
}

/** The first message. */
function tell(sitting: Sitting, thread: Thread): void {
  goOn(sitting, { ...thread, hold: null });
}

/** The steps that are due, else a reminder that is due; nothing while it is looked after or muted. */
function goOn(sitting: Sitting, thread: Thread): void {
  const { now, rules } = sitting;
  const key = threadKey(thread.id);
  if (thread.telling.acknowledgedBy !== null) return keep(sitting, key, thread, null);
  if (rules.mutedBy(thread, now) !== null) return keep(sitting, key, thread, now + holdLooksMs);
  const quiet = quietFor(sitting, thread);
  if (quiet !== null) return keep(sitting, key, thread, quiet);
  const route = rules.routeOf(thread);
  const { fresh, again, telling } = dueSteps(thread.telling, route, now);
  sayOf(sitting, thread, { what: "opened", id: `${thread.id}_opened`, channels: fresh });
  sayStill(sitting, thread, stepId(thread.id, telling), again);
  // What was over before it was told climbs no steps.
  if (thread.resolvedAt !== null && telling.told.length > 0) return forgetRow(sitting, key);
  let next = telling;
  if (fresh.length + again.length === 0 && route.remindMs !== null && now - telling.lastAt >= route.remindMs) {
    next = { ...telling, reminders: telling.reminders + 1, lastAt: now };
    sayStill(sitting, thread, `${thread.id}_reminder_${next.reminders}`, telling.told);
  }
  keep(sitting, key, { ...thread, telling: next }, nextOf(next, route));
}

function raise(sitting: Sitting, thread: Thread, notice: AlertNotice): void {
  const { now, rules } = sitting;
  const { kind, severity, title, text, detail } = notice;
  const raised: Thread = { ...thread, kind, severity, title, text, detail };
  const key = threadKey(thread.id);
  if (raised.group !== null) {
    memberRaised(sitting, raised);
    return keep(sitting, key, raised, null);
  }
  if (raised.hold !== null) {
    // Pages go through quiet hours, and were not meant when it was said to flap; every other hold holds pages, too.
    const opens = raised.hold.why === "quiet-hours" || raised.hold.why === "flapping";
    if (opens) return admit(sitting, { ...raised, hold: null }, raised.hold);
    return keep(sitting, key, raised, raised.hold.why === "gathering" ? null : raised.hold.until);
  }
  if (raised.telling.told.length === 0) return admit(sitting, raised);
  const anew = begunAnew(raised.telling, now);
  if (rules.mutedBy(raised, now) !== null) {
    return keep(sitting, key, { ...raised, telling: anew }, anew.acknowledgedBy === null ? now + holdLooksMs : null);
  }
  const route = rules.routeOf(raised);
  const { channels, telling } = toldOfRise(anew, route, now);
  sayOf(sitting, raised, { what: "raised", id: `${thread.id}_raised`, channels });
  keep(sitting, key, { ...raised, telling }, nextOf(telling, route));
}

/** The first acknowledgement stays. Those who were told hear of it, and nobody is called. */
function acknowledge(sitting: Sitting, thread: Thread, notice: AlertNotice): void {
  if (thread.telling.acknowledgedBy !== null) return;
  const acknowledged = { by: notice.by ?? "somebody", at: notice.at };
  const telling = { ...thread.telling, acknowledgedBy: acknowledged.by, acknowledgedAt: acknowledged.at };
  const looked: Thread = { ...thread, detail: notice.detail, telling };
  memberAcknowledged(sitting, looked);
  keep(
    sitting,
    threadKey(thread.id),
    looked,
    looked.hold === null || looked.hold.why === "gathering" ? null : looked.hold.until,
  );
  const channels = telling.told.filter((channel) => sitting.rules.hearsAcknowledgements(channel));
  const text = `${acknowledgedWords(acknowledged)} ${looked.text}`;
  sayOf(sitting, { ...looked, text }, { what: "acknowledged", id: `${thread.id}_acknowledged`, channels });
}

function resolve(sitting: Sitting, thread: Thread | null, notice: AlertNotice): void {
  const key = threadKey(notice.thread);
  if (thread === null) {
    // Opened before the desk remembered threads: whoever hears of such things first is told.
    const unknown = newThread(notice);
    const to = sitting.rules.routeOf(unknown).steps[0]?.to ?? [];
    return sayOf(sitting, unknown, { what: "resolved", id: `${notice.thread}_resolved`, channels: to });
  }
  if (thread.group !== null) {
    keep(sitting, key, { ...thread, resolvedAt: notice.at }, null);
    return memberBack(sitting, thread, notice.at);
  }
  if (thread.hold?.why === "gathering") {
    // Too quick for a hold, too real to be swallowed: both are told when the gathering ends, one after the other.
    return gatherEnd(sitting, notice);
  }
  if (thread.hold?.why === "quiet-hours") {
    return keep(sitting, key, { ...thread, resolvedAt: notice.at }, thread.hold.until);
  }
  forgetRow(sitting, key);
  const { title, text, detail } = notice;
  const over: Thread = { ...thread, title, text, detail };
  sayOf(sitting, over, { what: "resolved", id: `${thread.id}_resolved`, channels: thread.telling.told });
}

/** Quiet hours are over: it is told with all the others that they held. */
function afterQuiet(sitting: Sitting, thread: Thread): void {
  const key = threadKey(thread.id);
  const hold = holdOf(sitting, thread);
  const held = hold !== null && hold.why !== "quiet-hours";
  const route = sitting.rules.routeOf(thread);
  const { fresh, telling } = dueSteps(thread.telling, route, sitting.now);
  if (thread.resolvedAt !== null && (held || fresh.length === 0)) return forgetRow(sitting, key);
  if (held) return keep(sitting, key, { ...thread, hold }, hold.until);
  for (const channel of fresh) {
    const waiting = sitting.afterQuiet.get(channel) ?? [];
    sitting.afterQuiet.set(channel, [...waiting, thread.id]);
  }
  keep(sitting, key, { ...thread, hold: null, telling }, nextOf(telling, route));
}

function sayStill(sitting: Sitting, thread: Thread, id: string, channels: readonly string[]): void {
  const length: DurationMs = sitting.now - thread.since;
  const text = `Nobody has acknowledged it for ${spellDuration(length)}. ${thread.text}`;
  sayOf(sitting, { ...thread, text }, { what: "reminder", id, channels });
}
