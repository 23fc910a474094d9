// What a grouped message says. Its list of members is data: each channel shows as much of it as fits.

import { spellCount, spellDuration } from "../spell.ts";
import type { Ms } from "../time.ts";
import type { Group } from "./group-state.ts";
import type { AlertMember } from "./message.ts";

/** Names written out in a sentence; the list beside it has them all. */
const maxNamed = 20;

export interface Words {
  readonly title: string;
  readonly text: string;
}

export function groupWords(group: Group, now: Ms): Words {
  const { members, host } = group;
  const open = members.filter(({ resolvedAt }) => resolvedAt === null);
  const count = spellCount(members.length);
  const back =
    open.length === members.length ? "" : ` ${spellCount(members.length - open.length)} of them are back by now.`;
  const names = ` ${listNames(members.map(({ agent }) => agent))}.${back}`;
  switch (group.what) {
    case "fleet":
      return {
        title: `probable common cause: ${count} of ${spellCount(Math.max(group.outOf, members.length))} agents fell silent together`,
        text:
          `Look at what they share first: the network, a host, a provider. By host: ${byHost(members)}. ` +
          `Among them:${names} Others that go down now join this message; each has its own incident.`,
      };
    case "supervisor":
      return {
        title: `the supervisor on ${host ?? "an unknown host"} is not heard any more`,
        text: `It was last heard at ${new Date(group.since).toISOString()}. Nothing restarts its agents while it is away, and their silence is judged here:${names} Check the host and the supervisor's process.`,
      };
    case "host":
      return {
        title: `${count} agents on ${host ?? "one host"} are in trouble together: ${kindsOf(members)}`,
        text: `Look at the host first: memory, disk, network, a deploy. Open for ${spellDuration(now - group.since)}.${names} Others on it join this message; each has its own incident.`,
      };
    case "kind":
      return {
        title: `${count} agents at once: ${kindsOf(members)}`,
        text: `They began together, so look for one cause: a provider, a shared tool, a deploy. Open for ${spellDuration(now - group.since)}.${names} Each has its own incident.`,
      };
  }
}

export function returnWords(group: Group, now: Ms): Words {
  const { members } = group;
  const left = members.filter(({ resolvedAt }) => resolvedAt === null);
  const all = left.length === 0;
  const count = spellCount(members.length);
  const length = spellDuration(now - group.since);
  const verb = group.what === "fleet" ? "are beating again" : "are well again";
  const text = all
    ? `It was over after ${length}.`
    : `Still open after ${length}: ${listNames(left.map(({ agent }) => agent))}.`;
  if (group.what === "supervisor" && all) {
    const title = `the supervisor on ${group.host ?? "an unknown host"} is back`;
    const names = listNames(members.map(({ agent }) => agent));
    return { title, text: `It keeps ${names} again. What it saw in the meantime is being delivered. ${text}` };
  }
  const title = all
    ? `all ${count} agents ${verb}`
    : `${spellCount(members.length - left.length)} of ${count} agents ${verb}`;
  return { title, text };
}

export function listNames(names: readonly string[]): string {
  const named = names.slice(0, maxNamed).join(", ");
  return names.length > maxNamed ? `${named} and ${spellCount(names.length - maxNamed)} more` : named;
}

function byHost(members: readonly AlertMember[]): string {
  return counted(members.map(({ host }) => host ?? "no known host"));
}

function kindsOf(members: readonly AlertMember[]): string {
  return counted(members.map(({ kind }) => kind));
}

function counted(values: readonly string[]): string {
  const counts = new Map<string, number>();
  for (const value of values) counts.set(value, (counts.get(value) ?? 0) + 1);
  const most = [...counts].toSorted((a, b) => b[1] - a[1]).slice(0, maxNamed);
  return most.map(([value, count]) => `${value} ${spellCount(count)}`).join(", ");
}
