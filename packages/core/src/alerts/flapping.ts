// What opens and closes all day teaches people to look away. So the openings of each agent and kind are counted: when
// there are too many within an hour, one notice says that it flaps, and the incidents behind it are told only if they
// stay. When it has been calm for as long, one more message says what there was.

import { spellCount, spellDuration } from "../spell.ts";
import type { DurationMs, Ms } from "../time.ts";
import { MINUTE } from "../time.ts";
import { forgetRow, keep, recall, say, type Sitting } from "./sitting.ts";
import type { Thread } from "./thread.ts";

/** Of a flapping kind, what is still open after this long is told like any other. */
export const staysMs: DurationMs = 15 * MINUTE;
/** Openings remembered: more than any limit needs. */
const maxOpens = 100;

export interface Flap {
  readonly agent: string;
  readonly kind: string;
  /** Newest last. */
  readonly opens: readonly Ms[];
  /** Since it is called flapping; null while it is only counted. */
  readonly since: Ms | null;
  /** All openings since the first of those. */
  readonly count: number;
  readonly firstAt: Ms;
  readonly told: readonly string[];
  readonly severity: Thread["severity"];
}

/** Counts an opening. True when it belongs to a flapping that is told of as a whole. */
export function countOpening(sitting: Sitting, thread: Thread): boolean {
  const { now, rules } = sitting;
  const { opens: limit, withinMs } = rules.flapping;
  if (thread.agent === null) return false;
  const key = keyOf(thread.agent, thread.kind);
  const before = recall<Flap>(sitting, key);
  const opens = [...(before?.opens ?? []), now].filter((at) => now - at < withinMs).slice(-maxOpens);
  const flapped = before !== null && before.since !== null;
  const flaps = flapped || opens.length >= limit;
  const firstAt = flapped ? before.firstAt : (opens[0] ?? now);
  const told = flapped ? before.told : flaps ? firstStep(sitting, thread) : [];
  const flap: Flap = {
    agent: thread.agent,
    kind: thread.kind,
    opens,
    since: flapped ? before.since : flaps ? now : null,
    count: flapped ? before.count + 1 : opens.length,
    firstAt,
    told,
    severity: thread.severity,
  };
  keep(sitting, key, flap, now + withinMs);
  if (flaps && !flapped) sayFlapping(sitting, flap);
  return flaps;
}

/** Nothing opened for as long as flapping is looked for. */
export function endFlapping(sitting: Sitting, key: string): void {
  const flap = recall<Flap>(sitting, key);
  forgetRow(sitting, key);
  if (flap === null || flap.since === null) return;
  const last = flap.opens.at(-1) ?? flap.firstAt;
  say(sitting, {
    ...about(flap),
    what: "resolved",
    id: `${threadOf(flap)}_resolved`,
    title: `calm again: ${flap.kind} opened ${spellCount(flap.count)} times in ${spellDuration(last - flap.firstAt)}`,
    text:
      `It has not opened for ${spellDuration(sitting.rules.flapping.withinMs)}. ` +
      `The list of incidents has each of them. What comes and goes this often has one cause: look at what they have in common.`,
  });
}

function sayFlapping(sitting: Sitting, flap: Flap): void {
  say(sitting, {
    ...about(flap),
    what: "opened",
    id: `${threadOf(flap)}_opened`,
    title: `flapping: ${flap.kind} opened ${spellCount(flap.count)} times in ${spellDuration(sitting.now - flap.firstAt)}`,
    text:
      `It comes and goes. From now on you hear of it only if it stays for ${spellDuration(staysMs)}, and once when it is calm. ` +
      `Find what makes it come back: an interval that is too short, a dependency that wavers, a limit that is too near.`,
  });
}

function firstStep({ rules }: Sitting, thread: Thread): readonly string[] {
  return rules.routeOf(thread).steps[0]?.to ?? [];
}

function about(flap: Flap) {
  const { agent, kind, severity, told, firstAt } = flap;
  const nobody = { members: [], acknowledged: null, detail: null };
  return { thread: threadOf(flap), channels: told, agent, kind, severity, since: firstAt, ...nobody };
}

function threadOf({ agent, kind, since }: Flap): string {
  return `flap_${agent}_${kind}_${since ?? 0}`;
}

function keyOf(agent: string, kind: string): string {
  return `flap:${agent} ${kind}`;
}
