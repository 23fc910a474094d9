import { type AgentState, type Exit, unreachable } from "@midwatch/core";
import type { AgentEnd } from "../running-supervisor.ts";

/** sysexits.h EX_CONFIG. */
const refusedConfiguration = 78;

/** How the agent came to its end; null while it runs or will run without a person. */
export function endOf(
  state: AgentState,
  last: { readonly exit: Exit | null; readonly refused: boolean },
): AgentEnd | null {
  const { recovery } = state;
  const { exit, refused } = last;
  const end = (how: AgentEnd["how"]): AgentEnd => ({
    agent: state.name,
    how,
    code: exit?.code ?? null,
    signal: exit?.signal ?? null,
    reason: recovery?.reason ?? null,
  });
  if (recovery === null || state.hold?.directive === "pause") return null;
  switch (recovery.phase) {
    case "exhausted":
      return end(refused || exit?.code === refusedConfiguration ? "refused" : "exhausted");
    case "stopped":
      return end(exit === null || exit.stoppedFor !== null ? "stopped" : "exited");
    case "idle":
    case "starting":
    case "probation":
    case "healthy":
    case "stopping":
    case "cooldown":
      return null;
    default:
      return unreachable(recovery.phase);
  }
}
