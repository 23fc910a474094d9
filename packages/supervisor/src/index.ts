// Keeps agents alive on their host: starts, watches, stops and restarts them, with the server or without.

export { startSupervisor } from "./supervisor.ts";
export type {
  AddedEnvironment,
  AgentEnd,
  CommandResult,
  RunningSupervisor,
  SupervisorOptions,
} from "./running-supervisor.ts";
export type { SupervisedAgent, TargetSpec } from "./supervised-agent.ts";
export type { StateFile, StatePolicy } from "./state/state-policy.ts";
export { conflictsOf } from "./target/open-target.ts";
export { stderrNotifier, type Notice, type Notifier } from "./fallback/notice.ts";
export { SupervisorError, type SupervisorErrorCode } from "./failure.ts";
export { systemClock, type Clock } from "./clock.ts";
