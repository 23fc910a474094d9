// What a person should know about a container at this moment.

import type { Ms } from "@midwatch/core";
import type { MemoryKill } from "./container-end.ts";
import type { ContainerFacts } from "./container-facts.ts";

/** About its state; null when there is nothing to say. */
export function stateRemark({ name, status, error }: ContainerFacts): string | null {
  switch (status) {
    case "paused":
      return `container ${name} is paused, so nothing in it runs; docker unpause ${name}, or start it by Midwatch`;
    case "created":
      return error === ""
        ? `container ${name} was created and never started`
        : `container ${name} was created and could not be started: ${error.slice(0, 300)}`;
    case "dead":
      return `container ${name} is dead: Docker could not remove all of it, and it can't be started again; remove it (docker rm -f ${name}) and create it anew`;
    case "removing":
      return `container ${name} is being removed`;
    default:
      return null;
  }
}

export function healthRemark({ name, health }: ContainerFacts): string | null {
  if (!health.isUnhealthy) return null;
  const said = health.lastOutput === "" ? "" : `, and its last word was: ${health.lastOutput}`;
  return `container ${name} is unhealthy by its own health check, which failed ${health.failures} times in a row${said}`;
}

/** The readings of the counter lag by one look, so one kill is seen at two moments by its two witnesses. */
const oneKillMs = 5_000;

/** `kills` in this life of it, oldest first. Its words change at the first and the second kill only. */
export function memoryRemark({ name }: ContainerFacts, kills: readonly MemoryKill[]): string | null {
  const first = kills[0];
  if (first === undefined) return null;
  const isOnce = kills.every(({ at }) => at - first.at <= oneKillMs);
  return isOnce
    ? `a process inside container ${name} was killed for memory at ${clock(first.at)}, and the container ran on`
    : `processes inside container ${name} are killed for memory again and again, first at ${clock(first.at)}; the container runs on`;
}

function clock(at: Ms): string {
  return `${new Date(at).toISOString().slice(0, 19).replace("T", " ")} UTC`;
}
