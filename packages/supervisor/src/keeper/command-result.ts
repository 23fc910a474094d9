import { spellDuration, unreachable, type AgentState } from "@midwatch/core";
import type { Command } from "@midwatch/protocol";
import type { CommandResult } from "../running-supervisor.ts";

/** One sentence for whoever gave the command: what it led to. */
export function resultOf(command: Command["command"], before: AgentState, after: AgentState): CommandResult {
  const { name } = after;
  const phase = after.recovery?.phase;
  const changed = after.recovery?.startedAt !== before.recovery?.startedAt;
  switch (command) {
    case "start":
    case "resume":
    case "restart":
      if (phase === "exhausted") {
        return { ok: false, message: `${name} was not started: ${after.recovery?.reason ?? "no reason is known"}` };
      }
      if (phase === "stopping") return { ok: true, message: `${name} is being stopped and will be started again` };
      if (changed) return { ok: true, message: `${name} was started` };
      return { ok: true, message: `${name} is running already` };
    case "stop":
    case "kill":
    case "pause": {
      const done = command === "pause" ? "paused" : "stopped";
      if (phase === "stopping") return { ok: true, message: `${name} is being stopped` };
      const since = before.state === done ? `, since ${spellDuration(after.now - before.since)}` : "";
      return { ok: true, message: `${name} is ${done}${since}` };
    }
    default:
      return unreachable(command);
  }
}
