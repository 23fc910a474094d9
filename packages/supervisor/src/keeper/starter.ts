// Carries out the start that was decided, as soon as it can be: after those it comes after, and again and again where it
// is kept from starting for a reason that is none of its own.

import type { AgentEvent, Ms } from "@midwatch/core";
import type { AgentRecord } from "../journal/agent-record.ts";
import type { StartedRun } from "../journal/entry.ts";
import type { StateGate } from "../state/state-policy.ts";
import type { SupervisedAgent } from "../supervised-agent.ts";
import type { Target } from "../target/target.ts";
import type { KeeperWorld } from "./keeper-world.ts";
import { launch } from "./launch.ts";

export interface StarterOptions {
  readonly agent: SupervisedAgent;
  readonly world: KeeperWorld;
  readonly target: Target;
  readonly gate: StateGate;
  readonly record: AgentRecord;
  readonly decide: (event: AgentEvent) => Promise<void>;
  readonly onStarted: (run: StartedRun, pid: number | null) => Promise<void>;
  readonly say: (line: string) => void;
}

const retryMs = 5_000;

export class Starter {
  readonly #options: StarterOptions;
  #isOrdered = false;
  #isRefused = false;
  #retryAt: Ms | null = null;
  #saidDelay: string | null = null;
  #saidWaiting = "";

  constructor(options: StarterOptions) {
    this.#options = options;
  }

  /** When a start that could not be made is tried again; null when none waits for its time. */
  get retryAt(): Ms | null {
    return this.#retryAt;
  }

  /** The last start was refused for good. */
  get isRefused(): boolean {
    return this.#isRefused;
  }

  /** Ends what waits for others, and whoever asks for a start by hand does not wait for anything. */
  begin({ isOrdered }: { readonly isOrdered: boolean }): void {
    this.#isOrdered = isOrdered;
    this.#retryAt = null;
  }

  /** It cannot be started any more, such as when the last run cannot be ended. */
  refuse(): void {
    this.#isRefused = true;
  }

  /** A start is decided and waits for agents of `after`. */
  get isWaiting(): boolean {
    return this.#isOrdered && this.#options.record.entry.start !== null;
  }

  async startIfDecided(): Promise<void> {
    const { agent, world, target, gate, record, decide, onStarted, say } = this.#options;
    const { start, lastDeath } = record.entry;
    if (start === null || !this.#isTime()) return;
    this.#isRefused = false;
    const launched = await launch({
      ...world,
      agent,
      target,
      gate,
      start,
      lastDeath,
      onInvalid: (invalid) => decide({ type: "state-invalid", at: world.now(), ...invalid }),
      say,
    });
    const at = world.now();
    if (launched.ok === false && launched.isPassing) return this.#tryAgain(launched.reason, at);
    this.#saidDelay = null;
    if (launched.ok === true) {
      this.#isOrdered = false;
      return onStarted({ ...launched.run, startedAt: at }, launched.pid);
    }
    record.change({ start: null });
    const { reason } = launched;
    if (launched.ok === "unfit") {
      return decide({ type: "state-invalid", at, reason, action: "stopped", text: launched.text });
    }
    this.#isRefused = true;
    return decide({ type: "start-refused", at, runId: start.runId, reason });
  }

  /** Neither others nor a failed try have to be waited for. */
  #isTime(): boolean {
    const { agent, world, say } = this.#options;
    if (this.#retryAt !== null && this.#retryAt > world.now()) return false;
    this.#retryAt = null;
    if (!this.#isOrdered) return true;
    const names = world.notYetUp(agent.after).join(", ");
    if (names !== "" && names !== this.#saidWaiting) say(`waits for ${names} to be up`);
    this.#saidWaiting = names;
    return names === "";
  }

  #tryAgain(reason: string, at: Ms): Promise<void> {
    const { decide, say } = this.#options;
    if (reason !== this.#saidDelay) say(`could not be started, and is tried again: ${reason}`);
    this.#saidDelay = reason;
    this.#retryAt = at + retryMs;
    return decide({ type: "start-delayed", at, reason });
  }
}
