// Keeps one agent: hears what happens to it, has it decided, and carries the decision out. Everything goes through one
// mailbox, so a decision is carried out before the next one is made; only the ending of a run goes on beside it, because
// that takes its time and may have to be hurried.

import { randomUUID } from "node:crypto";
import { nextDeadline, type AgentEvent, type AgentSettings, type Exit, type Ms } from "@midwatch/core";
import { redactText } from "@midwatch/protocol";
import type { BeatAnswer, Command, EvidenceBundle, SupervisedAgentView } from "@midwatch/protocol";
import type { Notice } from "../fallback/notice.ts";
import { AgentRecord, firstEntry, underSettings } from "../journal/agent-record.ts";
import type { JournalEntry, StartedRun } from "../journal/entry.ts";
import { bootId } from "../process/identity.ts";
import type { AgentEnd, CommandResult } from "../running-supervisor.ts";
import type { StateGate } from "../state/state-policy.ts";
import { settingsOf, type SupervisedAgent } from "../supervised-agent.ts";
import type { RunEnd, Target } from "../target/target.ts";
import { endOf } from "./agent-end.ts";
import { answerOf } from "./answer.ts";
import { resultOf } from "./command-result.ts";
import { crashEvidence } from "./crash-evidence.ts";
import { Decisions, type StopEffect } from "./decisions.ts";
import { isCrash, type KeeperWorld, type RememberedBeat } from "./keeper-world.ts";
import { theSupervisor } from "./log-line.ts";
import { Mailbox } from "./mailbox.ts";
import type { ReceivedBeat } from "./received-beat.ts";
import { planFor, type RestorePlan } from "./restore-plan.ts";
import { bareBeat, beatDirectly, demandOf, theServer } from "./server-word.ts";
import { isRising, isToStayDown } from "./standing.ts";
import { Starter } from "./starter.ts";

const commandsLimit = 32;
const lastBeatsLimit = 20;

export class Keeper {
  readonly agent: SupervisedAgent;
  readonly settings: AgentSettings;
  readonly #world: KeeperWorld;
  readonly #target: Target;
  readonly #gate: StateGate;
  readonly #mailbox = new Mailbox();
  readonly #record: AgentRecord;
  readonly #decisions: Decisions;
  readonly #starter: Starter;
  /** Nothing was written down about it yet. */
  readonly #isNew: boolean;
  /** What stood in its journal has been looked at, and followed. */
  #hasBegun = false;
  #lastBeats: readonly RememberedBeat[] = [];
  #ticking = false;
  /** Letting go of the agent, running or not; settled when that is done. */
  #leaving: Promise<void> | null = null;
  /** Let go: what happens to the agent is somebody else's business, such as that of its next keeper. */
  #isClosed = false;
  #runGone: PromiseWithResolvers<undefined> | null = null;
  #word: SupervisedAgentView | null = null;
  #agentId = 0;

  static async open(agent: SupervisedAgent, entry: JournalEntry | null, world: KeeperWorld): Promise<Keeper> {
    let keeper: Keeper | null = null;
    // Nothing happens to the target before `begin`, which the keeper itself calls for.
    const post = (task: (keeper: Keeper) => Promise<void>): void => {
      if (keeper) void keeper.#post(task);
    };
    const target = world.openTarget(agent, {
      onEnded: (end) => post((it) => it.#onEnded(withoutSecrets(end))),
      onUnkillable: (why) => post((it) => it.#onUnkillable(why)),
      onAppeared: (by) => post((it) => it.#onAppeared(by)),
      onEvidence: (evidence) => post((it) => it.#onEvidence(evidence)),
      lastBeats: () => (keeper === null ? [] : keeper.#lastBeats),
      log: (line) => world.log(`${agent.name}: ${line}`),
    });
    const gate = await world.openGate(agent);
    keeper = new Keeper({ agent, entry, world, target, gate });
    return keeper;
  }

  private constructor(given: {
    readonly agent: SupervisedAgent;
    readonly entry: JournalEntry | null;
    readonly world: KeeperWorld;
    readonly target: Target;
    readonly gate: StateGate;
  }) {
    const { agent, entry, world, target, gate } = given;
    this.agent = agent;
    this.settings = settingsOf(agent, world);
    this.#world = world;
    this.#target = target;
    this.#gate = gate;
    this.#isNew = entry === null;
    const say = (line: string): void => this.#say(line);
    const known = entry && { ...entry, state: underSettings(entry.state, this.settings) };
    const { journal, now } = world;
    this.#record = new AgentRecord(known ?? firstEntry(agent.name, now(), this.settings), { journal, now, say });
    this.#decisions = new Decisions({
      ...world,
      agent: agent.name,
      settings: this.settings,
      record: this.#record,
      say,
    });
    this.#starter = new Starter({
      agent,
      world,
      target,
      gate,
      record: this.#record,
      decide: (event) => this.#decide(event),
      onStarted: (run, pid) => this.#onStarted(run, pid),
      say,
    });
  }

  #post(task: (keeper: Keeper) => Promise<void>): Promise<void> {
    return this.#mailbox.post(async () => {
      if (!this.#isClosed) await task(this);
    });
  }

  /** What is written down about it. */
  get entry(): JournalEntry {
    return this.#record.entry;
  }

  /** Goes on where the last life of the supervisor ended. */
  begin({ asked }: { readonly asked: boolean }): Promise<void> {
    return this.#mailbox.post(async () => {
      const sight = await this.#target.sight();
      const { plan, strays } = planFor(this.#isNew ? null : this.entry, { ...sight, bootId: bootId() });
      await Promise.all(strays.map((stray) => this.#target.endStray(stray)));
      const now = this.#world.now();
      // What is to stay down may have been started with the machine, by its platform, before anybody watched.
      const isRebooted = this.entry.bootId !== undefined && this.entry.bootId !== bootId();
      if (plan.do === "wait" && isRebooted) await this.#target.hold();
      for (const notice of this.entry.outbox) this.#world.fallback.add(notice);
      if (plan.do !== "first-start") await this.#decide({ type: "sight-lost", from: this.entry.at, at: now });
      await this.#follow(plan, now);
      this.#hasBegun = true;
      // What was just tried and refused is not tried twice.
      const leftAsIs = plan.do === "wait" || plan.do === "ended-unseen";
      if (asked && leftAsIs && !this.#target.isRunning) {
        await this.#act({ type: "command", at: now, command: "start", by: "a person" });
      } else if (!this.#target.isRunning) this.#sayWhyNot();
    });
  }

  async #follow(plan: RestorePlan, now: Ms): Promise<void> {
    switch (plan.do) {
      case "first-start":
        this.#starter.begin({ isOrdered: true });
        return this.#act({ type: "command", at: now, command: "start", by: theSupervisor });
      case "adopt":
        return this.#adopt(plan, now);
      case "ended-unseen":
        return this.#onEndedUnseen(plan, now);
      case "start":
        // Without a reason it is no restart, and waits for others now as it did then.
        this.#starter.begin({ isOrdered: this.entry.start?.reason === null });
        return this.#startIfDecided();
      case "resume":
        this.#starter.begin({ isOrdered: true });
        return this.#resume();
      case "wait":
        return;
    }
  }

  async #adopt({ run, isNew }: Extract<RestorePlan, { do: "adopt" }>, now: Ms): Promise<void> {
    const pid = (await this.#target.adopt(run)) ?? run.identity.pid;
    if (isNew) await this.#onStarted({ ...run, startedAt: now }, pid);
    this.#say(`taken over as ${this.#target.what} ${this.#pid ?? pid}`);
    if (this.entry.stop) this.#target.stop(this.entry.stop, { kill: false });
  }

  /** Of the agent itself, as people know it. */
  get #pid(): number | null {
    return this.entry.state.recovery?.pid ?? null;
  }

  async #onEndedUnseen({ run, withMachine }: Extract<RestorePlan, { do: "ended-unseen" }>, at: Ms): Promise<void> {
    const end = await this.#target.remember(run);
    if (withMachine && !this.entry.stop) this.#record.change({ resume: true });
    const stoppedFor = this.entry.stop ?? (withMachine ? "shutdown" : null);
    const lastLines = await this.#target.lastLines(20);
    return this.#onEnded(withoutSecrets({ runId: run.runId, at, exit: { ...end, stoppedFor, lastLines } }));
  }

  /** Starts again what was shut down with the last supervisor: no attempt, its counters stand. */
  #resume(): Promise<void> {
    const attempt = this.entry.state.recovery?.attempt ?? 0;
    this.#record.change({ resume: false, start: { runId: randomUUID(), attempt, reason: null } });
    return this.#startIfDecided();
  }

  /** Resolves to its answer when the beat is durable; rejects with `spool_write_failed` when it cannot be stored. */
  async beat(received: ReceivedBeat): Promise<BeatAnswer> {
    const { beat, identity, at, spooled } = received;
    const durable = this.#world.relay.beat(received.body, at);
    // What cannot be stored has still been heard: the agent lives, and its disk is no reason to restart it.
    const heard = this.#mailbox.post(async () => {
      if (beat.runId === this.entry.run?.runId) this.#record.change({ beatsDirectly: false });
      if (this.#target.stopReason !== null && beat.leaseMs !== null) this.#target.grant(beat.leaseMs);
      const { status, message, tokens, costUsdMicros } = beat;
      this.#lastBeats = [...this.#lastBeats, { at, status, message, tokens }].slice(-lastBeatsLimit);
      await this.#act({ type: "beat", at, beat, identity, via: "direct", costUsdMicros, spooled });
    });
    await Promise.all([durable, heard]);
    const { stopReason } = this.#target;
    return answerOf(this.entry.state, {
      settings: this.settings,
      stopReason,
      word: this.#word,
      agentId: this.#agentId,
    });
  }

  /** When somebody must look at this agent again; null when only an event can change anything. */
  get deadline(): Ms | null {
    // While it is being let go of, nothing is decided for want of a beat: what ends does not beat.
    if (this.#ticking || this.#leaving) return null;
    const due = nextDeadline(this.entry.state, this.settings);
    const { retryAt } = this.#starter;
    return retryAt === null ? due : Math.min(retryAt, due ?? retryAt);
  }

  async tick(): Promise<void> {
    this.#ticking = true;
    await this.#mailbox.post(() => this.#act(this.#nextTick()));
    this.#ticking = false;
  }

  /** Time has passed; or, for an agent whose beats only the server hears, nobody has watched while the server was away. */
  #nextTick(): AgentEvent {
    const at = this.#world.now();
    const blind = this.entry.beatsDirectly && this.#world.serverHeardAt() === null;
    return blind ? { type: "sight-lost", from: this.entry.state.now, at } : { type: "tick", at };
  }

  /** Nobody watched from `from` to `at`. */
  loseSight(from: Ms, at: Ms): Promise<void> {
    return this.#mailbox.post(() => this.#act({ type: "sight-lost", from, at }));
  }

  /**
   * @param how.id Of a command of the server; one that was carried out before is not carried out again.
   * @param how.isOrdered A start waits for the agents of `after`; else whoever asks does not wait for others.
   */
  command(
    command: Command["command"],
    by: string,
    how: { readonly id?: string | null; readonly isOrdered?: boolean } = {},
  ): Promise<CommandResult> {
    const { id = null, isOrdered = false } = how;
    // The mailbox may be waiting for a slow end that this is to cut short.
    if (command === "kill" && !this.#isCarriedOut(id)) this.#target.hurry();
    return this.#mailbox.post(async () => {
      const { name } = this.agent;
      if (this.#leaving) return { ok: false, message: `${name} is left as it is: its supervisor is shutting down` };
      if (id !== null) {
        if (this.#isCarriedOut(id)) return { ok: true, message: "carried out before" };
        this.#record.change({ commands: [...this.entry.commands, id].slice(-commandsLimit) });
      }
      this.#starter.begin({ isOrdered });
      const before = this.entry.state;
      await this.#act({ type: "command", at: this.#world.now(), command, by });
      return resultOf(command, before, this.entry.state);
    });
  }

  #isCarriedOut(id: string | null): boolean {
    return id !== null && this.entry.commands.includes(id);
  }

  /** What the server says of this agent. */
  hear(word: SupervisedAgentView): Promise<void> {
    return this.#mailbox.post(async () => {
      const last = this.#word;
      this.#word = word;
      const at = this.#world.now();
      const runId = this.entry.run?.runId ?? null;
      if (beatDirectly(last, word, { runId, namesRuns: this.settings.namesRuns })) {
        this.#record.change({ beatsDirectly: true });
        const beat = bareBeat(this.agent.name, word);
        if (this.#target.stopReason !== null && beat.leaseMs !== null) this.#target.grant(beat.leaseMs);
        const identity = { by: "none" } as const;
        await this.#act({ type: "beat", at, beat, identity, via: "direct", costUsdMicros: null, spooled: false });
      }
      const demand = this.#leaving ? null : demandOf(last, word, this.entry.state);
      if (demand) await this.#act({ type: "command", at, command: demand, by: theServer });
    });
  }

  /** The server knows the agent by this number. */
  knownAs(agentId: number): void {
    this.#agentId = agentId;
  }

  get beatsDirectly(): boolean {
    return this.entry.beatsDirectly;
  }

  /** It runs, and its first beat may come any moment: by this supervisor or past it. */
  get awaitsFirstBeat(): boolean {
    return this.#target.isRunning && this.entry.state.recovery?.phase === "starting";
  }

  get isRunning(): boolean {
    return this.#target.isRunning;
  }

  get intervalMs(): number {
    return this.entry.state.intervalMs;
  }

  /** It is on its way up: what comes after it waits. */
  get isRising(): boolean {
    return !this.#hasBegun || isRising(this.entry);
  }

  /** Somebody wants it down, or it has ended as it should: that it was configured anew is no reason to start it. */
  get isToStayDown(): boolean {
    return isToStayDown(this.entry.state);
  }

  /** How it came to its end; null while it runs or will run without a person. */
  get end(): AgentEnd | null {
    const { state, start, lastDeath } = this.entry;
    if (this.#target.isRunning || start) return null;
    return endOf(state, { exit: lastDeath?.exit ?? null, refused: this.#starter.isRefused });
  }

  /** Somebody has delivered this notification, or it is no longer worth it. */
  delivered(notice: Notice): void {
    this.#record.change({ outbox: this.entry.outbox.filter(({ id }) => id !== notice.id) });
  }

  get isChatty(): boolean {
    return this.#target.isChatty;
  }

  /** Passes on output and keeps its file in bounds. */
  look(): Promise<void> {
    return this.#target.look();
  }

  /** Another agent has moved: looks again whether its own start may be made. */
  async startIfWaiting(): Promise<void> {
    if (this.#starter.isWaiting) await this.#mailbox.post(() => this.#startIfDecided());
  }

  /** Keeps a generation of its state, if it is well. */
  async keepGoodState(): Promise<void> {
    if (this.entry.state.recovery?.phase === "healthy") await this.#gate.keepGood();
  }

  /** Decides, and starts what was decided to be started. */
  async #act(event: AgentEvent): Promise<void> {
    if (this.#isClosed) return;
    await this.#decide(event);
    await this.#startIfDecided();
  }

  async #decide(event: AgentEvent): Promise<void> {
    for (const stop of await this.#decisions.make(event)) await this.#stop(stop);
  }

  async #stop({ why, kill }: StopEffect): Promise<void> {
    if (this.#target.isRunning) {
      this.#target.stop(why, { kill });
      return;
    }
    // The core believes in a run that is gone or was never started (it waits for others, or was not written down): tell it so.
    this.#record.change({ start: null });
    const runId = this.entry.state.recovery?.runId ?? "";
    const exit = { code: null, signal: null, stoppedFor: why, oom: null, lastLines: [] };
    await this.#decide({ type: "exited", at: this.#world.now(), runId, exit });
  }

  async #startIfDecided(): Promise<void> {
    if (!this.#leaving) await this.#starter.startIfDecided();
  }

  async #onStarted(run: StartedRun, pid: number | null): Promise<void> {
    this.#lastBeats = [];
    this.#record.change({ start: null, stop: null, resume: false, beatsDirectly: false, run });
    await this.#decide({ type: "started", at: run.startedAt, runId: run.runId, pid });
  }

  async #onEnded({ runId, at, exit }: RunEnd): Promise<void> {
    const { run } = this.entry;
    if (run?.runId === runId) {
      const pid = this.#pid ?? run.identity.pid;
      const lastDeath = { runId, pid, startedAt: run.startedAt, diedAt: at, exit };
      this.#record.change({ run: null, stop: null, lastDeath });
    }
    const isOwnCrash = isCrash(exit) && exit.stoppedFor === null;
    // Read before the next run prints, and kept after it has been started: that is what is urgent.
    const evidence = isOwnCrash ? crashEvidence(runId, await this.#target.lastLines(200), this.#lastBeats) : null;
    await this.#decide({ type: "exited", at, runId, exit });
    await this.#goOnAfter(exit);
    if (evidence) await this.#onEvidence(evidence);
  }

  async #goOnAfter(exit: Exit): Promise<void> {
    const left = await this.#target.swept();
    if (left !== null) this.#say(left);
    this.#runGone?.resolve(undefined);
    if (this.entry.resume && !this.#leaving) return this.#resume();
    if (this.entry.start === null) {
      await this.#target.hold();
      if (!isCrash(exit)) await this.#gate.keepGood();
    }
    return this.#startIfDecided();
  }

  async #onUnkillable(why: string): Promise<void> {
    const runId = this.entry.run?.runId ?? "";
    this.#starter.refuse();
    await this.#decide({ type: "start-refused", at: this.#world.now(), runId, reason: why });
    this.#runGone?.resolve(undefined);
  }

  /** Somebody has started it past this supervisor, whose business it is from now on. */
  async #onAppeared(by: string): Promise<void> {
    if (this.#leaving || this.#target.isRunning || this.entry.start) return;
    await this.#act({ type: "command", at: this.#world.now(), command: "start", by });
  }

  async #onEvidence(evidence: EvidenceBundle): Promise<void> {
    const at = this.#world.now();
    const { run_id: runId, why, summary } = evidence;
    await this.#world.saveEvidence(this.agent.name, evidence, at);
    this.#world.relay.fact({ type: "evidence", at, agent: this.agent.name, ...evidence });
    await this.#decide({ type: "evidence-taken", at, runId, why, summary });
  }

  /** Ends the agent as an announced stop; the next life of the supervisor starts it again. Called again, it waits no longer and kills. */
  shutDown(): Promise<void> {
    if (this.#leaving) this.#target.hurry();
    this.#leaving ??= this.#target.outlivesSupervisor ? this.#letGo() : this.#end();
    return this.#leaving;
  }

  async #end(): Promise<void> {
    const gone = Promise.withResolvers<undefined>();
    this.#runGone = gone;
    await this.#mailbox.post(async () => {
      if (!this.#target.isRunning) {
        gone.resolve(undefined);
        return;
      }
      // What is being stopped for another reason is finished for that reason.
      const why = this.#target.stopReason ?? "shutdown";
      if (why === "shutdown") this.#record.change({ resume: true, stop: why });
      await this.#record.save();
      this.#target.stop(why, { kill: false });
    });
    await gone.promise;
    await this.#letGo();
  }

  /** Lets go of the agent, running or not, with everything written down. */
  close(): Promise<void> {
    this.#leaving ??= this.#letGo();
    return this.#leaving;
  }

  #letGo(): Promise<void> {
    return this.#mailbox.post(async () => {
      await this.#record.save();
      this.#isClosed = true;
      this.#target.letGo();
    });
  }

  /** Writes what is only in memory: beats seen since the last decision. */
  async saveIfNeeded(): Promise<void> {
    if (this.#record.isUnsaved) await this.#mailbox.post(() => this.#record.save());
  }

  #sayWhyNot(): void {
    const { state, start } = this.entry;
    const { recovery } = state;
    if (start || recovery?.phase === "cooldown" || this.#starter.isRefused) return;
    this.#say(`is not started: ${state.hold?.reason ?? recovery?.reason ?? "it was stopped"}`);
  }

  #say(line: string): void {
    this.#world.log(`${this.agent.name}: ${line}`);
  }
}

/** Its last words go into incidents, messages and the file for the next run. */
function withoutSecrets(end: RunEnd): RunEnd {
  const { exit } = end;
  return { ...end, exit: { ...exit, lastLines: exit.lastLines.map((line) => redactText(line)) } };
}
