// What a link in a message is about, as it stands now: what pressing the button will do, and the doing. Everything is done by
// the same functions as over the API. Refusals are errors in words, for the page.

import { HOUR, SECOND, spellDuration } from "@midwatch/core";
import { redactText } from "@midwatch/protocol";
import type { AgentRow, StoredIncident } from "@midwatch/store";
import { ApiError } from "../errors.ts";
import type { ApiContext } from "../http/api-context.ts";
import type { LinkAction, LinkGrant } from "../links/link-token.ts";
import { act } from "./ask-supervisor.ts";
import { findAgent } from "./find-agent.ts";
import { acknowledge } from "./incidents.ts";
import { linkedGroup } from "./linked-group.ts";
import { raiseOwnCap, sharedCap } from "./raise-cap.ts";
import { addSilence } from "./silences.ts";
import { minuteOf } from "./minute-of.ts";

/** One thing that a person may do by a link. */
export interface LinkedThing {
  /** The agent, or what else it is about. */
  readonly subject: string;
  /** What happened, and how it stands. */
  readonly title: string;
  readonly standing: string;
  /** What pressing the button does, in a sentence. */
  readonly will: string;
  /** Does it, and says what was done. */
  carryOut(by: string): Promise<string>;
}

/** Throws 404 for what is not known (any more), and 409 for what there is nothing left to do about. */
export async function linkedThing(context: ApiContext, grant: LinkGrant): Promise<LinkedThing> {
  const { about, agent } = grant;
  if (about.startsWith("grp_")) return linkedGroup(context, about);
  if (about.startsWith("budget:")) return sharedCap(context, about.slice("budget:".length));
  const found = await context.store.incident(Number(about.replace(/^inc_/, "")));
  if (found === null || found.agent !== agent) {
    throw new ApiError(404, "unknown_incident", "What this link is about is not known here any more.");
  }
  if (found.resolvedAt !== null) {
    const message = `It has been over since ${minuteOf(found.resolvedAt)}, so there is nothing left to do. Nothing was changed.`;
    throw new ApiError(409, "already_resolved", message);
  }
  const row = await findAgent(context.store, found.agent);
  const now = context.clock.now();
  const { title, since, acknowledged } = found.incident;
  const looked = acknowledged === null ? "nobody has acknowledged it" : `acknowledged by ${acknowledged.by}`;
  return {
    subject: found.agent,
    title: redactText(title),
    standing: `open for ${spellDuration(Math.max(SECOND, now - since))}, ${looked}`,
    ...deedOf(grant.action, { context, found, row }),
  };
}

interface About {
  readonly context: ApiContext;
  readonly found: StoredIncident;
  readonly row: AgentRow;
}

type Deed = Pick<LinkedThing, "will" | "carryOut">;

function deedOf(action: LinkAction, about: About): Deed {
  switch (action) {
    case "acknowledge":
      return acknowledging(about);
    case "silence":
      return silencing(about);
    case "restart":
      return restarting(about);
    case "resume":
      return resuming(about);
    case "raise-cap":
      return raiseOwnCap(about.context, about.row);
    case "accept-baseline":
      return {
        will: `What cycles of ${about.row.name} cost now becomes its normal: later ones are compared with it.`,
        carryOut: commanding("accept-baseline", about),
      };
  }
}

function acknowledging({ context, found }: About): Deed {
  const { acknowledged } = found.incident;
  if (acknowledged !== null) {
    const message = `${acknowledged.by} acknowledged it already, on ${minuteOf(acknowledged.at)}. Nothing was changed.`;
    throw new ApiError(409, "already_acknowledged", message);
  }
  return {
    will: "You look after it: nobody else is told and there are no reminders. It stays open until the trouble ends.",
    carryOut: async (by) => {
      await acknowledge(context, [found], by);
      return `${found.agent}: acknowledged. It closes when the trouble ends.`;
    },
  };
}

function silencing({ context, found: { agent, incident } }: About): Deed {
  return {
    will: `For an hour nobody is told of “${incident.kind}” of ${agent}. It is still watched, and everything is written down.`,
    carryOut: async (by) => {
      const until = context.clock.now() + HOUR;
      const match = { agents: [agent], kinds: [incident.kind] };
      const { id } = await addSilence(context, { match, until, reason: "", by });
      return `${agent}: silent about “${incident.kind}” until ${minuteOf(until)}. \`midwatch unsilence ${id}\` ends it before.`;
    },
  };
}

function restarting(about: About): Deed {
  const { name, state } = about.row;
  const host = state.supervisor?.host ?? "its host";
  return {
    will: `The supervisor on ${host} stops ${name} and starts it again.`,
    carryOut: commanding("restart", about),
  };
}

function resuming(about: About): Deed {
  const { name, state } = about.row;
  const waits = state.recovery !== null && ["exhausted", "stopped"].includes(state.recovery.phase);
  if (state.hold === null && !waits) {
    throw new ApiError(409, "not_held", `Nothing holds ${name} any more, so there is nothing to resume.`);
  }
  const why = state.hold === null ? "" : ` It is ${redactText(state.hold.reason).replace(/\.$/, "")}.`;
  return { will: `${name} goes on.${why}`, carryOut: commanding("resume", about) };
}

function commanding(
  command: "restart" | "resume" | "accept-baseline",
  { context, row }: About,
): LinkedThing["carryOut"] {
  return async (by) => {
    const { message } = await act(context, row, { command, dependents: false, by, askedWith: "a message" });
    return `${message}.`.replace(/\.\.$/, ".");
  };
}
