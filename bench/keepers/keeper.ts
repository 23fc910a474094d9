// What a keeper must let itself be asked in this benchmark. Each kind is one file; to add one, copy a file and name it in
// `../keepers.ts`.

export type Doing = "idle" | "crash-at-once" | "crash-slowly" | "family" | "hang";

export interface Agent {
  readonly name: string;
  /** Its command line. */
  readonly argv: readonly string[];
  readonly env: Readonly<Record<string, string>>;
  /** Where each of its lives adds a line. */
  readonly stamps: string;
  readonly does: Doing | "beat-then-hang";
}

/** Pids of what belongs to the keeper and not to the agents. */
export interface Parts {
  readonly daemon: readonly number[];
  /** What it keeps beside each agent. */
  readonly perAgent: readonly number[];
}

/** One way in which an operator starts a keeper again that was killed. */
export interface Again {
  /** Where there is more than one way. */
  readonly how: string;
  readonly start: () => Promise<void>;
}

export interface Keeper {
  readonly parts: () => Parts;
  /** Stops one agent the way an operator would. */
  readonly stop: (agent: string) => Promise<void>;
  /** It will not start the agent again by itself. */
  readonly hasGivenUp: (agent: string) => Promise<boolean>;
  /** What it says of an agent, in its own words. */
  readonly says: (agent: string) => Promise<string>;
  /** SIGKILL to the daemon, and to nothing else. */
  readonly kill: () => Promise<void>;
  readonly again: readonly Again[];
  /** One beat on behalf of the agent, where the keeper hears beats. */
  readonly beat?: (agent: Agent) => Promise<void>;
  /** Ends the daemon and its agents. */
  readonly close: () => Promise<void>;
}

export interface Kind {
  readonly name: string;
  readonly version: string;
  /** Starts a daemon in this empty folder and gives it the agents. */
  readonly open: (folder: string, agents: readonly Agent[]) => Promise<Keeper>;
}

export type Installed = Kind | { readonly name: string; readonly missing: string };

export function isHere(installed: Installed): installed is Kind {
  return "open" in installed;
}
