// What a person may ask of an agent, and which of it makes sense now. A supervisor starts, stops and restarts what it
// keeps, if need be as soon as it is heard again; any other agent can only be told to hold, in the answer to its next beat.

import type { AgentView } from "./api-types.ts";

export type Command = "start" | "restart" | "stop" | "kill" | "pause" | "resume" | "accept-baseline";

export interface Offer {
  readonly command: Command;
  readonly label: string;
  /** What is asked back before it is done; null is done at once. */
  readonly question: { readonly title: string; readonly text: string; readonly grave: boolean } | null;
}

/** In the order of the buttons; the likeliest first. */
export function offersFor(agent: AgentView): readonly Offer[] {
  return commandsFor(agent).map((command) => ({
    command,
    label: labels[command],
    question: questionFor(command, agent),
  }));
}

/** Asked where the alarm is shown, not among the buttons that start and stop. */
export function acceptOffer(agent: AgentView): Offer {
  return {
    command: "accept-baseline",
    label: labels["accept-baseline"],
    question: questionFor("accept-baseline", agent),
  };
}

export function canAccept(incident: { readonly kind: string; readonly state: string }): boolean {
  return incident.state === "open" && (incident.kind === "runaway" || incident.kind === "drift");
}

function commandsFor(agent: AgentView): readonly Command[] {
  const held = agent.paused !== null || agent.state === "paused";
  if (agent.supervisor === null) return withoutSupervisor(agent, held);
  switch (agent.recovery?.phase ?? "healthy") {
    case "starting":
    case "probation":
    case "healthy":
    case "stopping":
      return held ? ["resume", "stop", "kill"] : ["restart", "pause", "stop", "kill"];
    case "cooldown":
      return held ? ["resume", "stop"] : ["restart", "pause", "stop"];
    case "exhausted":
      return held ? ["resume"] : ["restart", "pause"];
    case "idle":
    case "stopped":
      return held ? ["resume"] : ["start"];
  }
}

function withoutSupervisor(agent: AgentView, held: boolean): readonly Command[] {
  if (held) return ["resume"];
  // Nothing can be told to an agent that does not beat; but a silence that is known and accepted need not alert.
  return agent.state === "stopping" || agent.state === "stopped" ? [] : ["pause"];
}

const labels: Readonly<Record<Command, string>> = {
  start: "Start",
  restart: "Restart",
  stop: "Stop",
  kill: "Kill",
  pause: "Pause",
  resume: "Resume",
  "accept-baseline": "Accept as the new normal",
};

function questionFor(command: Command, agent: AgentView): Offer["question"] {
  const { name } = agent;
  const kept = agent.supervisor !== null;
  switch (command) {
    case "start":
    case "resume":
      return null;
    case "pause":
      return {
        title: `Pause ${name}?`,
        text: kept
          ? "Its supervisor stops the process and keeps its state. It stays down, without an alert, until someone resumes it."
          : "It is told to pause with the answer to its next beat. Until someone resumes it, its silence raises no alert.",
        grave: false,
      };
    case "restart":
      return {
        title: `Restart ${name}?`,
        text: "Its supervisor stops the process and starts it again. This does not count as an automatic restart.",
        grave: false,
      };
    case "stop":
      return {
        title: `Stop ${name}?`,
        text: "Its supervisor lets the process finish in its own time, and ends it when that runs out. It stays stopped until someone starts it.",
        grave: true,
      };
    case "kill":
      return {
        title: `Kill ${name}?`,
        text: "The process and its children end at once. What it has not saved is lost. Stop asks first; use Kill when that does not help.",
        grave: true,
      };
    case "accept-baseline":
      return {
        title: `Is this the new normal for ${name}?`,
        text: "From now on its cycles are compared with the present cost, and the old baseline is forgotten. A loop accepted here alerts no more.",
        grave: true,
      };
  }
}
