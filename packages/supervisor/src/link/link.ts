// The way to the server: one loop empties the spool, another waits for commands. Both try again for ever, since the spool
// holds what could not be delivered and the agents are kept alive meanwhile all the same.

import { setTimeout as pause } from "node:timers/promises";
import type { DurationMs, Ms } from "@midwatch/core";
import {
  type BatchAnswer,
  type BatchRequest,
  type Command,
  type CommandOutcome,
  type SpoolItem,
  type SupervisedAgentView,
} from "@midwatch/protocol";
import { describeError, SupervisorError } from "../failure.ts";
import type { Spool } from "../spool/spool.ts";
import { waitAfter } from "./patience.ts";
import type { ServerClient } from "./server-client.ts";

export interface LinkOptions {
  readonly client: ServerClient;
  readonly spool: Spool;
  readonly host: string;
  /** Those that are kept now. */
  readonly agents: () => BatchRequest["agents"];
  readonly now: () => Ms;
  /** How long the server may keep a request for commands waiting; asked before each. */
  readonly pollMs: () => DurationMs;
  readonly onWords: (agents: readonly SupervisedAgentView[]) => void;
  readonly onAgentIds: (ids: ReadonlyMap<string, number>) => void;
  readonly onCommand: (command: Command) => Promise<CommandOutcome>;
  /** The server was reached, was lost, or has stored more. */
  readonly onChange: () => void;
  readonly log: (line: string) => void;
}

const batchLimit = { items: 1_000, bytes: 2 * 2 ** 20 } as const;
/** Beats that come together travel together. */
const gatherMs: DurationMs = 50;
/** A short absence, such as a restart of the server, is no reason to speak in its place. */
const lostAfterMs: DurationMs = 5_000;
/** After a refusal only a person can help; it is looked at again now and then. */
const refusedWaitMs: DurationMs = 30_000;
const leastPollMs: DurationMs = 100;
const outcomeTries = 3;
const lastCallMs: DurationMs = 2_000;

export class Link {
  readonly #options: LinkOptions;
  readonly #stop = new AbortController();
  #failingSince: Ms | null = null;
  #heardAt: Ms | null = null;
  #saidLost = false;
  #loops: Promise<unknown> = Promise.resolve();

  constructor(options: LinkOptions) {
    this.#options = options;
  }

  open(): void {
    this.#loops = Promise.all([this.#deliver(), this.#obey()]);
  }

  /** False once the server has not answered for some seconds. */
  get isReachable(): boolean {
    return this.#failingSince === null || this.#options.now() - this.#failingSince < lostAfterMs;
  }

  /** Null before the first answer and while the server does not answer. */
  get heardAt(): Ms | null {
    return this.#failingSince === null ? this.#heardAt : null;
  }

  #isClosing(): boolean {
    return this.#stop.signal.aborted;
  }

  async #deliver(): Promise<void> {
    const { spool } = this.#options;
    let failures = 0;
    // The first batch goes out even when it is empty: it tells the server which agents are kept here.
    let isFirst = true;
    while (!this.#isClosing()) {
      if (!isFirst && spool.durable <= spool.acknowledged) await this.#newer();
      if (this.#isClosing()) return;
      const before = spool.acknowledged;
      const sent = await this.#sendBatch(this.#stop.signal);
      if (sent.ok) isFirst = false;
      // A server that stores nothing must not be asked in a circle.
      const advanced = sent.ok && (sent.items === 0 || spool.acknowledged > before);
      failures = advanced ? 0 : failures + 1;
      if (!advanced) await this.#pause(sent.ok || sent.retryable ? waitAfter(failures, Math.random()) : refusedWaitMs);
    }
  }

  async #newer(): Promise<void> {
    const { spool } = this.#options;
    const { promise, resolve } = Promise.withResolvers<undefined>();
    const cancel = spool.onceNewer(spool.acknowledged, () => resolve(undefined));
    this.#stop.signal.addEventListener("abort", () => resolve(undefined), { once: true });
    await promise;
    cancel();
    await this.#pause(gatherMs);
  }

  async #sendBatch(
    signal: AbortSignal,
  ): Promise<{ readonly ok: true; readonly items: number } | { readonly ok: false; readonly retryable: boolean }> {
    const { client, spool, host, agents, now } = this.#options;
    try {
      const upto = spool.durable;
      const items = [...(await spool.read(spool.acknowledged, batchLimit))];
      const answer = await client.sendBatch({ host, sent_at: now(), spool: spool.id, agents: agents(), items }, signal);
      await spool.acknowledge(answer.upto);
      // Nothing could be read although something is there: its lines are damaged, and waiting does not mend them.
      if (items.length === 0) await spool.acknowledge(upto);
      this.#options.onAgentIds(idsOf(items, answer));
      this.#options.onWords(answer.agents);
      this.#heard();
      return { ok: true, items: items.length };
    } catch (error) {
      return { ok: false, retryable: this.#failed(error) };
    }
  }

  async #obey(): Promise<void> {
    let failures = 0;
    while (!this.#isClosing()) {
      try {
        const waitS = Math.max(1, Math.round(this.#options.pollMs() / 1_000));
        const { commands, agents } = await this.#options.client.awaitCommands(waitS, this.#stop.signal);
        failures = 0;
        this.#heard();
        await Promise.all(commands.map((command) => this.#carryOut(command)));
        this.#options.onWords(agents);
        // A server that does not let us wait must not be asked in a circle.
        if (commands.length === 0) await this.#pause(leastPollMs);
      } catch (error) {
        failures += 1;
        const retryable = this.#failed(error);
        await this.#pause(retryable ? waitAfter(failures, Math.random()) : refusedWaitMs);
      }
    }
  }

  async #carryOut(command: Command): Promise<void> {
    const outcome = await this.#options.onCommand(command);
    for (let failures = 1; failures <= outcomeTries; failures += 1) {
      try {
        await this.#options.client.tellOutcome(command.id, outcome, this.#stop.signal);
        return;
      } catch (error) {
        // The server gives the command again, and it is recognised by its id.
        if (!this.#failed(error)) return;
        await this.#pause(waitAfter(failures, Math.random()));
      }
    }
  }

  #heard(): void {
    this.#heardAt = this.#options.now();
    this.#failingSince = null;
    if (this.#saidLost) this.#options.log("the server is back; what it missed is being delivered");
    this.#saidLost = false;
    this.#options.onChange();
  }

  /** True when trying again soon may help. */
  #failed(error: unknown): boolean {
    if (this.#isClosing()) return true;
    this.#failingSince ??= this.#options.now();
    const refused = error instanceof SupervisorError && !error.retryable;
    if (!this.#saidLost && (refused || !this.isReachable)) {
      this.#saidLost = true;
      this.#options.log(
        `${describeError(error)}. The agents are kept alive all the same, and what they say is kept for it.`,
      );
    }
    this.#options.onChange();
    return !refused;
  }

  async #pause(ms: DurationMs): Promise<void> {
    // Closing ends the pause, which is all that can go wrong with it.
    await pause(ms, undefined, { signal: this.#stop.signal }).catch(() => undefined);
  }

  /** Ends both loops; with `flush` delivers what it can within two seconds. */
  async close({ flush }: { readonly flush: boolean }): Promise<void> {
    this.#stop.abort();
    await this.#loops;
    const { spool } = this.#options;
    const limit = AbortSignal.timeout(lastCallMs);
    while (flush && this.#failingSince === null && spool.durable > spool.acknowledged && !limit.aborted) {
      const before = spool.acknowledged;
      const sent = await this.#sendBatch(limit);
      if (!sent.ok || spool.acknowledged === before) return;
    }
  }
}

/** The numbers by which the server knows the agents of these beats. */
function idsOf(items: readonly SpoolItem[], { beats }: BatchAnswer): ReadonlyMap<string, number> {
  const ids = new Map<string, number>();
  if (items.length === 0) return ids;
  for (const beat of beats) if ("ok" in beat) ids.set(beat.agent, beat.agent_id);
  return ids;
}
