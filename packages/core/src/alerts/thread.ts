import { spellUtcTime } from "../spell.ts";
import type { DurationMs, Ms } from "../time.ts";
import type { Acknowledgement, AlertMember, AlertMessage } from "./message.ts";
import type { AlertNotice } from "./notice.ts";
import type { AlertRoute, AlertSubject } from "./rules.ts";
import { say, type Sitting } from "./sitting.ts";

/**
 * One thing that people are told of, from its first notice to its end: an incident, or a fact about no single agent.
 *
 * | it is     | that is                                                        | left by                                  |
 * |-----------|----------------------------------------------------------------|------------------------------------------|
 * | held      | nobody was told yet; `hold` says why                           | the hold ends → told, or it is over      |
 * | told      | steps go on and reminders come                                 | acknowledged, resolved                   |
 * | grouped   | a group speaks for it                                          | the group lets it go → told, or resolved |
 * | looked after | acknowledged: no more steps, no reminders                   | resolved                                 |
 */
export interface Thread extends AlertSubject {
  readonly id: string;
  readonly since: Ms;
  readonly title: string;
  readonly text: string;
  readonly detail: Readonly<Record<string, unknown>>;
  readonly telling: Telling;
  readonly hold: Hold | null;
  /** It was over before anybody was told. */
  readonly resolvedAt: Ms | null;
  readonly group: string | null;
}

/** How far telling has come; a group has one, too. */
export interface Telling {
  /** Channels that were told. */
  readonly told: readonly string[];
  /** The next step of the route. */
  readonly step: number;
  /** The first message; steps are counted from here. */
  readonly from: Ms;
  /** The last message that everybody got. */
  readonly lastAt: Ms;
  readonly reminders: number;
  readonly acknowledgedBy: string | null;
  readonly acknowledgedAt: Ms | null;
}

export interface Hold {
  readonly why: "gathering" | "silence" | "maintenance" | "quiet-hours" | "behind" | "flapping";
  /** When to look again. */
  readonly until: Ms;
  /** For people: the reason of the silence, the agent it depends on. */
  readonly note: string;
}

export const nothingTold: Telling = {
  told: [],
  step: 0,
  from: 0,
  lastAt: 0,
  reminders: 0,
  acknowledgedBy: null,
  acknowledgedAt: null,
};

export function newThread(notice: AlertNotice): Thread {
  const { thread: id, at, agent, kind, severity, host, tags, since, title, text, detail } = notice;
  const subject = { agent, kind, severity, host, tags };
  return {
    id,
    ...subject,
    since,
    title,
    text,
    detail,
    telling: nothingTold,
    hold: null,
    // The watcher tells of its own gap when it sees again.
    resolvedAt: kind === "monitor-gap" ? at : null,
    group: null,
  };
}

/** Rows of before this was kept have no time of their own. */
export function acknowledgementOf({ acknowledgedBy: by, acknowledgedAt, lastAt }: Telling): Acknowledgement | null {
  return by === null ? null : { by, at: acknowledgedAt ?? lastAt };
}

/** Stands before the text of what somebody looks after. */
export function acknowledgedWords({ by, at }: Acknowledgement): string {
  return `Acknowledged by ${by} at ${spellUtcTime(at)}: no more steps and no reminders.`;
}

/** When there is something to do again: the next step, or the next reminder. */
export function nextOf(telling: Telling, route: AlertRoute): Ms | null {
  if (telling.acknowledgedBy !== null) return null;
  const step = route.steps[telling.step];
  const stepAt = step ? telling.from + step.afterMs : Infinity;
  const remindAt = route.remindMs === null ? Infinity : telling.lastAt + route.remindMs;
  const next = Math.min(stepAt, remindAt);
  return next === Infinity ? null : next;
}

/** A step that tells again: after a raise the route is gone through once more, and says so under other keys. */
export function stepId(id: string, { from, step }: Telling): string {
  return `${id}_step_${from}_${step}`;
}

/** The end of the quiet hours that hold it back now, or null. */
export function quietFor({ rules, now }: Sitting, { severity }: Pick<Thread, "severity">): Ms | null {
  return severity === "page" ? null : rules.quietUntil(now);
}

export function memberOf(thread: Thread): AlertMember {
  const { id, agent, kind, title, host, since, resolvedAt, telling } = thread;
  const acknowledged = telling.acknowledgedBy !== null;
  return { thread: id, agent: agent ?? "", kind, title, host, since, resolvedAt, acknowledged };
}

/** What is due of a route now: channels that hear of it for the first time, and those that hear of it again. */
export function dueSteps(
  telling: Telling,
  route: AlertRoute,
  now: Ms,
): { readonly fresh: readonly string[]; readonly again: readonly string[]; readonly telling: Telling } {
  const from = telling.told.length === 0 && telling.step === 0 ? now : telling.from;
  const due = route.steps.slice(telling.step).filter(({ afterMs }) => from + afterMs <= now);
  if (due.length === 0) return { fresh: [], again: [], telling: { ...telling, from } };
  const to = [...new Set(due.flatMap((step) => step.to))];
  const fresh = to.filter((channel) => !telling.told.includes(channel));
  const again = to.filter((channel) => telling.told.includes(channel));
  const told = [...telling.told, ...fresh];
  return { fresh, again, telling: { ...telling, from, told, step: telling.step + due.length, lastAt: now } };
}

/** The telling of what has become worse: the steps begin again, unless somebody looks after it. */
export function begunAnew(telling: Telling, now: Ms): Telling {
  return telling.acknowledgedBy === null ? { ...telling, step: 0, from: now } : telling;
}

/**
 * Who hears that it has become worse: the first steps, and everybody who was told. Where somebody looks after it, whoever was
 * told hears of it and nobody else is woken. Takes a telling that has begun anew.
 */
export function toldOfRise(
  telling: Telling,
  route: AlertRoute,
  now: Ms,
): { readonly channels: readonly string[]; readonly telling: Telling } {
  if (telling.acknowledgedBy !== null) return { channels: telling.told, telling };
  const due = dueSteps(telling, route, now);
  const channels = [...new Set([...due.fresh, ...due.again, ...due.telling.told])];
  return { channels, telling: { ...due.telling, lastAt: now } };
}

/** A message about this thread alone. */
export function sayOf(sitting: Sitting, thread: Thread, message: Pick<AlertMessage, "what" | "id" | "channels">): void {
  const { id, agent, kind, severity, title, text, since, detail, telling } = thread;
  const acknowledged = acknowledgementOf(telling);
  say(sitting, {
    ...message,
    thread: id,
    agent,
    kind,
    severity,
    title,
    text,
    since,
    members: [],
    acknowledged,
    detail,
  });
}

/** A silence may end early and a dependency may come back: what is held is looked at this often. */
export const holdLooksMs: DurationMs = 30_000;
