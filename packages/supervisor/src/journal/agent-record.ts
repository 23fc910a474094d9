import { newAgent, type AgentSettings, type AgentState, type Ms } from "@midwatch/core";
import { describeError } from "../failure.ts";
import type { JournalEntry } from "./entry.ts";
import { bootId } from "../process/identity.ts";
import type { Journal } from "./journal.ts";

/** What is known of one agent, in memory, and its way into the journal. */
export class AgentRecord {
  readonly #journal: Journal;
  readonly #now: () => Ms;
  readonly #say: (line: string) => void;
  #entry: JournalEntry;
  #unsaved = false;
  #failing = false;

  constructor(entry: JournalEntry, to: { journal: Journal; now: () => Ms; say: (line: string) => void }) {
    this.#entry = entry;
    this.#journal = to.journal;
    this.#now = to.now;
    this.#say = to.say;
  }

  get entry(): JournalEntry {
    return this.#entry;
  }

  /** True while there is something that only memory holds. */
  get isUnsaved(): boolean {
    return this.#unsaved;
  }

  change(part: Partial<Omit<JournalEntry, "v" | "agent" | "at">>): void {
    this.#entry = { ...this.#entry, ...part };
    this.#unsaved = true;
  }

  /** Resolves when it is written, or could not be: keeping the agent alive goes before remembering it. */
  async save(): Promise<void> {
    this.#entry = { ...this.#entry, at: this.#now(), bootId: bootId() };
    this.#unsaved = false;
    try {
      await this.#journal.save(this.#entry);
      this.#failing = false;
    } catch (error) {
      this.#unsaved = true;
      if (!this.#failing) this.#say(describeError(error));
      this.#failing = true;
    }
  }
}

export function firstEntry(agent: string, at: Ms, settings: AgentSettings): JournalEntry {
  return {
    v: 1,
    agent,
    at,
    state: newAgent(agent, at, settings),
    run: null,
    start: null,
    stop: null,
    resume: false,
    beatsDirectly: false,
    lastDeath: null,
    commands: [],
    outbox: [],
  };
}

/** An operator's interval may have changed since the state was written. */
export function underSettings(state: AgentState, { intervalMs }: AgentSettings): AgentState {
  return intervalMs === null ? state : { ...state, intervalMs, intervalSource: "set" };
}
