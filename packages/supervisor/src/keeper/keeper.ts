// Keeps one agent: folds what happens to it through the core, writes the decision down, tells the server, and carries it
// out. Everything goes through one mailbox, so a decision is carried out before the next one is made; only the ending of a
// process goes on beside it, because that takes its time and may have to be hurried.

import { randomUUID } from "node:crypto";
import {
  answerFor,
  nextDeadline,
  step,
  type AgentEvent,
  type AgentSettings,
  type Beat,
  type BeatIdentity,
  type Effect,
  type HistoryEntry,
  type Ms,
} from "@midwatch/core";
import type { BeatAnswer, Command, SupervisedAgentView } from "@midwatch/protocol";
import type { Fallback } from "../fallback/fallback.ts";
import type { Notice } from "../fallback/notice.ts";
import { AgentRecord, firstEntry, underSettings } from "../journal/agent-record.ts";
import type { JournalEntry, StartedRun } from "../journal/entry.ts";
import type { Journal } from "../journal/journal.ts";
import { AgentProcess, type AgentProcessOptions, type RunEnd } from "../process/agent-process.ts";
import type { AgentEnd, CommandResult } from "../running-supervisor.ts";
import type { Relay } from "../spool/relay.ts";
import { settingsOf, type SupervisedAgent } from "../supervised-agent.ts";
import { endOf } from "./agent-end.ts";
import { resultOf } from "./command-result.ts";
import { factsOf } from "./facts.ts";
import { launch } from "./launch.ts";
import { logLineOf, theSupervisor } from "./log-line.ts";
import { Mailbox } from "./mailbox.ts";
import type { Restored, RestorePlan } from "./restore-plan.ts";
import { bareBeat, beatDirectly, demandOf, theServer } from "./server-word.ts";

/** What the keepers of one supervisor share. */
export interface KeeperWorld extends Pick<
  AgentProcessOptions,
  "supervisorId" | "outputFolder" | "outOfMemory" | "now" | "log"
> {
  readonly tombstoneFolder: string;
  /** Where the agents beat. */
  readonly receiver: { readonly url: string; readonly key: string };
  readonly journal: Journal;
  readonly relay: Relay;
  readonly fallback: Fallback;
  readonly onOutput: ((agent: string, chunk: Buffer) => void) | null;
  /** When the server was last heard; null while it does not answer. */
  readonly serverHeardAt: () => Ms | null;
  /** Something was decided. */
  readonly onDecided: () => void;
}

export interface ReceivedBeat {
  readonly beat: Beat;
  readonly identity: BeatIdentity;
  /** As it was sent, for the server. */
  readonly body: unknown;
  readonly at: Ms;
  readonly spooled: boolean;
}

const commandsLimit = 32;
const outboxLimit = 20;
/** Decisions of no weight: losing them with the supervisor costs nothing, and some come with every beat. */
const light = new Set(["lease-taken", "interval-learned", "run-started", "registered"]);
export class Keeper {
  readonly agent: SupervisedAgent;
  readonly settings: AgentSettings;
  readonly #world: KeeperWorld;
  readonly #process: AgentProcess;
  readonly #mailbox = new Mailbox();
  readonly #record: AgentRecord;
  #ticking = false;
  #refused = false;
  #closing: "stop" | "leave" | null = null;
  #runGone: PromiseWithResolvers<undefined> | null = null;
  #word: SupervisedAgentView | null = null;
  #agentId = 0;

  constructor(agent: SupervisedAgent, entry: JournalEntry | null, world: KeeperWorld) {
    this.agent = agent;
    this.settings = settingsOf(agent);
    this.#world = world;
    const known = entry && { ...entry, state: underSettings(entry.state, this.settings) };
    this.#record = new AgentRecord(known ?? firstEntry(agent.name, world.now(), this.settings), {
      journal: world.journal,
      now: world.now,
      say: (line) => this.#say(line),
    });
    this.#process = new AgentProcess({
      ...world,
      agent,
      onOutput: world.onOutput && ((chunk) => world.onOutput?.(agent.name, chunk)),
      onEnded: (end) => void this.#mailbox.post(() => this.#onEnded(end)),
      onUnkillable: (why) => void this.#mailbox.post(() => this.#onUnkillable(why)),
      log: (line) => this.#say(line),
    });
  }

  get #entry(): JournalEntry {
    return this.#record.entry;
  }

  /** Goes on where the last life of the supervisor ended. */
  begin({ plan, strays }: Restored, { asked }: { readonly asked: boolean }): Promise<void> {
    return this.#mailbox.post(async () => {
      await Promise.all(strays.map((stray) => this.#process.endStray(stray)));
      const now = this.#world.now();
      for (const notice of this.#entry.outbox) this.#world.fallback.add(notice);
      if (plan.do !== "first-start") await this.#decide({ type: "sight-lost", from: this.#entry.at, at: now });
      await this.#follow(plan, now);
      // What was just tried and refused is not tried twice.
      const leftAsIs = plan.do === "wait" || plan.do === "ended-unseen";
      if (asked && leftAsIs && !this.#process.isRunning) {
        await this.#act({ type: "command", at: now, command: "start", by: "a person" });
      } else if (!this.#process.isRunning) this.#sayWhyNot();
    });
  }

  async #follow(plan: RestorePlan, now: Ms): Promise<void> {
    switch (plan.do) {
      case "first-start":
        return this.#act({ type: "command", at: now, command: "start", by: theSupervisor });
      case "adopt":
        await this.#process.adopt(plan.run);
        if (plan.isNew) await this.#onStarted({ ...plan.run, startedAt: now });
        this.#say(`taken over as process ${plan.run.identity.pid}`);
        if (this.#entry.stop) this.#process.stop(this.#entry.stop, { kill: false });
        return;
      case "ended-unseen":
        return this.#onEndedUnseen(plan, now);
      case "start":
        return this.#startIfDecided();
      case "resume":
        return this.#resume();
      case "wait":
        return;
    }
  }

  async #onEndedUnseen(plan: Extract<RestorePlan, { do: "ended-unseen" }>, at: Ms): Promise<void> {
    const { run, withMachine } = plan;
    this.#process.remember(run);
    if (withMachine && !this.#entry.stop) this.#record.change({ resume: true });
    const stoppedFor = this.#entry.stop ?? (withMachine ? "shutdown" : null);
    const lastLines = await this.#process.lastLines();
    return this.#onEnded({
      runId: run.runId,
      at,
      exit: { code: null, signal: null, stoppedFor, oom: null, lastLines },
    });
  }

  /** Starts again what was shut down with the last supervisor: no attempt, its counters stand. */
  #resume(): Promise<void> {
    const attempt = this.#entry.state.recovery?.attempt ?? 0;
    this.#record.change({ resume: false, start: { runId: randomUUID(), attempt, reason: null } });
    return this.#startIfDecided();
  }

  /** Resolves to its answer when the beat is durable; rejects with `spool_write_failed` when it cannot be stored. */
  async beat(received: ReceivedBeat): Promise<BeatAnswer> {
    const { beat, identity, at, spooled } = received;
    const durable = this.#world.relay.beat(received.body, at);
    // What cannot be stored has still been heard: the agent lives, and its disk is no reason to restart it.
    const heard = this.#mailbox.post(async () => {
      if (beat.runId === this.#entry.run?.runId) this.#record.change({ beatsDirectly: false });
      const { costUsdMicros } = beat;
      await this.#act({ type: "beat", at, beat, identity, via: "direct", costUsdMicros, spooled });
    });
    await Promise.all([durable, heard]);
    return this.#answer();
  }

  #answer(): BeatAnswer {
    const { state } = this.#entry;
    const own = answerFor(state, this.settings);
    const told = this.#word;
    const directive = own.directive === "continue" ? (told?.directive ?? "continue") : own.directive;
    return {
      ok: true,
      agent: this.agent.name,
      agent_id: this.#agentId,
      state: state.state,
      directive,
      reason: own.reason ?? told?.reason ?? null,
      next_beat_by: own.nextBeatBy === null ? null : new Date(own.nextBeatBy).toISOString(),
      warning: own.warning ?? told?.warning ?? null,
    };
  }

  /** When somebody must look at this agent again; null when only an event can change anything. */
  get deadline(): Ms | null {
    return this.#ticking ? null : nextDeadline(this.#entry.state, this.settings);
  }

  async tick(): Promise<void> {
    this.#ticking = true;
    await this.#mailbox.post(() => this.#act(this.#nextTick()));
    this.#ticking = false;
  }

  /** Time has passed; or, for an agent whose beats only the server hears, nobody has watched while the server was away. */
  #nextTick(): AgentEvent {
    const at = this.#world.now();
    const blind = this.#entry.beatsDirectly && this.#world.serverHeardAt() === null;
    return blind ? { type: "sight-lost", from: this.#entry.state.now, at } : { type: "tick", at };
  }

  /** Nobody watched from `from` to `at`. */
  loseSight(from: Ms, at: Ms): Promise<void> {
    return this.#mailbox.post(() => this.#act({ type: "sight-lost", from, at }));
  }

  /** @param id Of a command of the server; one that was carried out before is not carried out again. */
  command(command: Command["command"], by: string, id: string | null = null): Promise<CommandResult> {
    // The mailbox may be waiting for a slow end that this is to cut short.
    if (command === "kill") this.#process.hurry();
    return this.#mailbox.post(async () => {
      const { name } = this.agent;
      if (this.#closing) return { ok: false, message: `${name} is left as it is: its supervisor is shutting down` };
      if (id !== null) {
        const { commands } = this.#entry;
        if (commands.includes(id)) return { ok: true, message: "carried out before" };
        this.#record.change({ commands: [...commands, id].slice(-commandsLimit) });
      }
      const before = this.#entry.state;
      await this.#act({ type: "command", at: this.#world.now(), command, by });
      return resultOf(command, before, this.#entry.state);
    });
  }

  /** What the server says of this agent. */
  hear(word: SupervisedAgentView): Promise<void> {
    return this.#mailbox.post(async () => {
      const last = this.#word;
      this.#word = word;
      const at = this.#world.now();
      const runId = this.#entry.run?.runId ?? null;
      if (beatDirectly(last, word, runId)) {
        this.#record.change({ beatsDirectly: true });
        const beat = bareBeat(this.agent.name, word.direct_run_id);
        const identity = { by: "none" } as const;
        await this.#act({ type: "beat", at, beat, identity, via: "direct", costUsdMicros: null, spooled: false });
      }
      const demand = this.#closing ? null : demandOf(last, word, this.#entry.state);
      if (demand) await this.#act({ type: "command", at, command: demand, by: theServer });
    });
  }

  /** The server knows the agent by this number. */
  knownAs(agentId: number): void {
    this.#agentId = agentId;
  }

  get beatsDirectly(): boolean {
    return this.#entry.beatsDirectly;
  }

  get intervalMs(): number {
    return this.#entry.state.intervalMs;
  }

  /** How it came to its end; null while it runs or will run without a person. */
  get end(): AgentEnd | null {
    const { state, start, lastDeath } = this.#entry;
    if (this.#process.isRunning || start) return null;
    return endOf(state, { exit: lastDeath?.exit ?? null, refused: this.#refused });
  }

  /** Somebody has delivered this notification, or it is no longer worth it. */
  delivered(notice: Notice): void {
    this.#record.change({ outbox: this.#entry.outbox.filter(({ id }) => id !== notice.id) });
  }

  /** Passes on output and keeps its file in bounds. */
  look(): Promise<void> {
    return this.#process.look();
  }

  /** Decides, and starts what was decided to be started. */
  async #act(event: AgentEvent): Promise<void> {
    await this.#decide(event);
    await this.#startIfDecided();
  }

  async #decide(event: AgentEvent): Promise<void> {
    const before = this.#entry.state;
    const { state, effects } = step(before, event, this.settings);
    this.#record.change({ state });
    for (const fact of factsOf(event, before, state, effects)) this.#world.relay.fact(fact);
    if (effects.every((effect) => effect.do === "record" && light.has(effect.entry.kind))) return;
    const notices = this.#note(effects);
    await this.#record.save();
    for (const notice of notices) this.#world.fallback.add(notice);
    for (const effect of effects) if (effect.do === "stop") await this.#stop(effect);
    this.#world.onDecided();
  }

  /** Puts decisions into the entry, from where they are carried out, by this life or the next. */
  #note(effects: readonly Effect[]): readonly Notice[] {
    const notices: Notice[] = [];
    for (const effect of effects) {
      if (effect.do === "start") {
        const { attempt, reason } = effect;
        this.#record.change({ start: { runId: randomUUID(), attempt, reason } });
        this.#refused = false;
      } else if (effect.do === "stop") this.#record.change({ stop: effect.why });
      else if (effect.do === "notify") notices.push(this.#noticeOf(effect));
      else if (effect.do === "record") this.#sayIfWorth(effect.entry);
    }
    if (notices.length > 0) {
      this.#record.change({ outbox: [...this.#entry.outbox, ...notices].slice(-outboxLimit) });
    }
    return notices;
  }

  #noticeOf({ what, kind, severity, at, title, text }: Extract<Effect, { do: "notify" }>): Notice {
    const agent = this.agent.name;
    const { supervisorId, relay } = this.#world;
    const id = `${supervisorId}/${agent}/${kind}/${what}/${at}`;
    return { id, agent, what, kind, severity, at, title, text, fact: relay.last };
  }

  async #stop({ why, kill }: Extract<Effect, { do: "stop" }>): Promise<void> {
    if (this.#process.isRunning) {
      this.#process.stop(why, { kill });
      return;
    }
    // The core believes in a run that is gone (a start that was not written down before a crash): tell it so.
    const runId = this.#entry.state.recovery?.runId ?? "";
    const exit = { code: null, signal: null, stoppedFor: why, oom: null, lastLines: [] };
    await this.#decide({ type: "exited", at: this.#world.now(), runId, exit });
  }

  async #startIfDecided(): Promise<void> {
    const { start, lastDeath } = this.#entry;
    if (start === null || this.#closing) return;
    const say = (line: string): void => this.#say(line);
    const outcome = await launch(this.#process, { ...this.#world, agent: this.agent, start, lastDeath, say });
    const at = this.#world.now();
    if (outcome.ok) {
      const { runId, identity } = outcome.process;
      return this.#onStarted({ runId, identity, startedAt: at });
    }
    this.#refused = true;
    this.#record.change({ start: null });
    await this.#decide({ type: "start-refused", at, runId: start.runId, reason: outcome.reason });
  }

  async #onStarted(run: StartedRun): Promise<void> {
    this.#record.change({ start: null, stop: null, resume: false, beatsDirectly: false, run });
    await this.#decide({ type: "started", at: run.startedAt, runId: run.runId, pid: run.identity.pid });
  }

  async #onEnded({ runId, at, exit }: RunEnd): Promise<void> {
    const { run } = this.#entry;
    if (run?.runId === runId) {
      const lastDeath = { runId, pid: run.identity.pid, startedAt: run.startedAt, diedAt: at, exit };
      this.#record.change({ run: null, stop: null, lastDeath });
    }
    await this.#decide({ type: "exited", at, runId, exit });
    const left = await this.#process.swept();
    if (left !== null) this.#say(left);
    this.#runGone?.resolve(undefined);
    if (this.#entry.resume && !this.#closing) return this.#resume();
    return this.#startIfDecided();
  }

  async #onUnkillable(why: string): Promise<void> {
    const runId = this.#entry.run?.runId ?? "";
    this.#refused = true;
    await this.#decide({ type: "start-refused", at: this.#world.now(), runId, reason: why });
    this.#runGone?.resolve(undefined);
  }

  /** Ends the agent as an announced stop; the next life of the supervisor starts it again. */
  async shutDown(): Promise<void> {
    if (this.#closing) {
      this.#process.hurry();
      return;
    }
    this.#closing = "stop";
    const gone = Promise.withResolvers<undefined>();
    this.#runGone = gone;
    await this.#mailbox.post(async () => {
      if (!this.#process.isRunning) {
        gone.resolve(undefined);
        return;
      }
      // What is being stopped for another reason is finished for that reason.
      const why = this.#process.stopReason ?? "shutdown";
      if (why === "shutdown") this.#record.change({ resume: true, stop: why });
      await this.#record.save();
      this.#process.stop(why, { kill: false });
    });
    await gone.promise;
    await this.close();
  }

  /** Lets go of the agent, running or not, with everything written down. */
  async close(): Promise<void> {
    this.#closing ??= "leave";
    await this.#mailbox.post(() => this.#record.save());
    this.#process.letGo();
  }

  /** Writes what is only in memory: beats seen since the last decision. */
  async saveIfNeeded(): Promise<void> {
    if (this.#record.isUnsaved) await this.#mailbox.post(() => this.#record.save());
  }

  #sayWhyNot(): void {
    const { state, start } = this.#entry;
    const { recovery } = state;
    if (start || recovery?.phase === "cooldown" || this.#refused) return;
    this.#say(`is not started: ${state.hold?.reason ?? recovery?.reason ?? "it was stopped"}`);
  }

  #sayIfWorth(entry: HistoryEntry): void {
    const line = logLineOf(entry);
    if (line !== null) this.#say(line);
  }

  #say(line: string): void {
    this.#world.log(`${this.agent.name}: ${line}`);
  }
}
