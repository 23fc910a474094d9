// The interval that the file promises, against the gaps between the beats that came. An interval shorter than the loop opens
// an incident in every quiet night; what belongs to an outage is a few gaps, so half of them decide, not the longest.

import { SECOND, spellDuration, type DurationMs } from "@midwatch/core";
import type { AgentView, CyclesAnswer } from "@midwatch/protocol";
import { call } from "../../client.ts";
import { localKey } from "../../data-folder.ts";
import { check } from "../check.ts";
import { bad, unchecked, worthKnowing, type Remark } from "../remark.ts";
import type { World } from "../world.ts";

export interface PaceFacts {
  readonly name: string;
  readonly intervalMs: DurationMs;
  /** From one beat to the next, of the last beats. */
  readonly gapsMs: readonly DurationMs[];
}

/** Null: no server could be asked. */
export type PacesFacts = readonly PaceFacts[] | null;

const beatsRead = 200;
const fewestGaps = 20;
const mostAgents = 50;
/** Of all gaps; below it, the agent was down now and then. */
const oftenLate = 0.1;

export const agentPace = check<PacesFacts>({ name: "intervals", probe, judge: judgePaces });

export function judgePaces(facts: PacesFacts): readonly Remark[] {
  return facts === null ? [unchecked("intervals", "no server answers")] : facts.flatMap(judgePace);
}

function judgePace({ name, intervalMs, gapsMs }: PaceFacts): readonly Remark[] {
  if (gapsMs.length < fewestGaps) return [];
  const sorted = gapsMs.toSorted((a, b) => a - b);
  const grace = Math.min(30 * SECOND, Math.max(SECOND, intervalMs / 10));
  const late = sorted.filter((gap) => gap > intervalMs + grace).length / sorted.length;
  if (late < oftenLate) return [];
  const at = (share: number): DurationMs => sorted[Math.floor(share * (sorted.length - 1))] ?? 0;
  const suggested = Math.ceil((at(0.9) * 1.5) / SECOND);
  const words = {
    title: `${name} promises a beat every ${spellDuration(intervalMs)}, and its loop takes longer`,
    why: `Of its last ${sorted.length + 1} beats ${Math.round(late * 100)} % were late; half of them came ${spellDuration(at(0.5))} or more after the one before. It will be taken for hung, and restarted in the middle of its work.`,
    fix: `  agents:\n    ${name}:\n      interval: ${suggested}s\nOr, if only some waits are long, let it declare a lease before them.`,
  };
  return [late > 0.5 ? bad(words) : worthKnowing(words)];
}

async function probe({ config, server }: World): Promise<PacesFacts> {
  const facts = await server();
  const key = localKey(config.server.dataDir, "admin");
  if (facts.state !== "answers" || facts.agents === null || key === null) return null;
  const set = facts.agents.filter(({ interval_source: source }) => source === "set" || source === "declared");
  const target = { url: facts.url, key };
  return Promise.all(set.slice(0, mostAgents).map((agent) => paceOf(agent, target)));
}

async function paceOf(
  { name, interval_s: interval }: AgentView,
  target: Parameters<typeof call>[0],
): Promise<PaceFacts> {
  const path = `/api/v1/agents/${encodeURIComponent(name)}/cycles?limit=${beatsRead}`;
  const { items } = await call<CyclesAnswer>(target, "GET", path);
  const times = items.map(({ at }) => Date.parse(at)).toReversed();
  return { name, intervalMs: interval * SECOND, gapsMs: times.slice(1).map((at, index) => at - (times[index] ?? at)) };
}
