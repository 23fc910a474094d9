import type { Command } from "@midwatch/protocol";
import type { Clock } from "./clock.ts";
import type { Notifier } from "./fallback/notice.ts";
import type { ServerAddress } from "./link/server-client.ts";
import type { SupervisedAgent } from "./supervised-agent.ts";

export interface SupervisorOptions {
  /** This supervisor's own data folder, absolute: journal, spool, output of the agents. Made when it is missing. */
  readonly folder: string;
  readonly agents: readonly SupervisedAgent[];
  /** Where beats and events go, and commands come from; null works alone. */
  readonly server: ServerAddress | null;
  /** Tells a person what the server cannot: at once without a server, else when it does not take over in time. */
  readonly notifier: Notifier;
  /** Hears one line for each thing worth knowing, without a line end. */
  readonly log: (line: string) => void;
  /** An agent has come to its end and will not run again without a person. */
  readonly onEnd?: (end: AgentEnd) => void;
  /** How this machine is called; default: its host name. */
  readonly host?: string;
  readonly clock?: Clock;
  /** Hears what the agents print, as it comes. They print into files, so that they outlive their supervisor. */
  readonly onOutput?: (agent: string, chunk: Buffer) => void;
  /**
   * A person has just asked for these agents to run (`midwatch run`): what an earlier life has given up or stopped is
   * started again. Default false: such decisions stand.
   */
  readonly asked?: boolean;
  /**
   * Adds to the environment of a process at each of its starts, and to nothing that is compared: a change here restarts nobody.
   * `given` is what it has already, by inheritance and by its settings.
   */
  readonly environmentFor?: (agent: string, given: Readonly<Record<string, string>>) => AddedEnvironment;
}

export interface AddedEnvironment {
  readonly variables: Readonly<Record<string, string>>;
  /** For the log, one sentence each. */
  readonly remarks: readonly string[];
}

export interface RunningSupervisor {
  /** Where the agents send their beats: `http://127.0.0.1:PORT`. */
  readonly url: string;
  /**
   * Carries out what a person wants. `message` is one sentence for that person; never rejects. With `dependents`, a restart
   * restarts everything that comes `after` the agent, too, once it is up again.
   */
  command(
    agent: string,
    command: Command["command"],
    by: string,
    more?: { readonly dependents?: boolean },
  ): Promise<CommandResult>;
  /**
   * Keeps these agents from now on. Only what has changed is touched: a new agent is started, a missing one stopped, one
   * whose command, folder, environment or state files have changed is restarted, and new limits hold from the next
   * decision. Rejects with a `SupervisorError` `invalid_agents`, and then nothing has changed.
   */
  reload(agents: readonly SupervisedAgent[]): Promise<void>;
  /**
   * Resolves when no agent runs and none will be started without a person. A paused agent counts as one that will be:
   * whoever paused it is expected back.
   */
  readonly ended: Promise<readonly AgentEnd[]>;
  /**
   * Ends the supervision. `stop` ends the agents too, as an announced stop: the next start of the supervisor starts
   * them again. `leave` lets them run; the next start takes them over. Called again while it stops agents, it waits no
   * longer for them and kills.
   */
  stop(how: { readonly agents: "stop" | "leave" }): Promise<void>;
}

export interface CommandResult {
  readonly ok: boolean;
  readonly message: string;
}

/**
 * How an agent came to its end:
 * `exited` by itself, and its settings or its announcement say to leave it at that; `stopped` by a person or with the
 * supervisor; `exhausted`: its restarts have failed; `refused`: it could not be started, or refused its configuration (78).
 */
export interface AgentEnd {
  readonly agent: string;
  readonly how: "exited" | "stopped" | "exhausted" | "refused";
  /** Of its last process; both null when there was none or its end could not be seen. */
  readonly code: number | null;
  readonly signal: string | null;
  /** In words, for a person; null when there is nothing to explain. */
  readonly reason: string | null;
}
