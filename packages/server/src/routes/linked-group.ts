import { SECOND, spellCount, spellDuration, type AlertMember } from "@midwatch/core";
import type { StoredIncident } from "@midwatch/store";
import { ApiError } from "../errors.ts";
import type { ApiContext } from "../http/api-context.ts";
import { acknowledge } from "./incidents.ts";
import type { LinkedThing } from "./linked-thing.ts";

/** What the desk remembers of a group, as far as it matters here. */
interface GroupRow {
  readonly members: readonly AlertMember[];
  readonly since: number;
}

/** Several incidents that one message speaks for: who acknowledges it looks after all that are open. */
export async function linkedGroup(context: ApiContext, group: string): Promise<LinkedThing> {
  const { store, clock } = context;
  const [row] = await store.deskRows(`group:${group}`, 1);
  if (row?.key !== `group:${group}`) throw over();
  // Written by the desk only.
  const { members, since } = row.body as unknown as GroupRow;
  const open = await openOf(store, members);
  if (open.length === 0) throw over();
  const left = open.filter(({ incident }) => incident.acknowledged === null);
  if (left.length === 0) {
    const by = open[0]?.incident.acknowledged?.by ?? "somebody";
    throw new ApiError(409, "already_acknowledged", `${by} acknowledged it already. Nothing was changed.`);
  }
  const agents = `${spellCount(left.length)} ${left.length === 1 ? "incident" : "incidents"}`;
  return {
    subject: `${spellCount(members.length)} agents`,
    title: namesOf(left),
    standing: `${agents} open and not acknowledged, the first for ${spellDuration(Math.max(SECOND, clock.now() - since))}`,
    will: `You look after all of them: nobody else is told and there are no reminders. They stay open until the trouble ends.`,
    carryOut: async (by) => {
      await acknowledge(context, left, by);
      return `${agents} acknowledged. They close when the trouble ends.`;
    },
  };
}

async function openOf(store: ApiContext["store"], members: readonly AlertMember[]): Promise<StoredIncident[]> {
  const open: StoredIncident[] = [];
  for (const { thread, resolvedAt } of members) {
    const found = resolvedAt === null ? await store.incident(Number(thread.replace(/^inc_/, ""))) : null;
    if (found?.resolvedAt === null) open.push(found);
  }
  return open;
}

function namesOf(incidents: readonly StoredIncident[]): string {
  const shown = incidents.slice(0, 10).map(({ agent }) => agent);
  const more = incidents.length - shown.length;
  return shown.join(", ") + (more === 0 ? "" : `, and ${spellCount(more)} more`);
}

function over(): ApiError {
  return new ApiError(409, "already_resolved", "It is over, so there is nothing left to do. Nothing was changed.");
}
