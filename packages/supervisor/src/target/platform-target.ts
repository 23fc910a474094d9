// What a platform runs, under the policy of this supervisor: the waiting, the verifying and the stop ladder, once for Docker,
// systemd and launchd. The platform is asked every two seconds, and at once when its driver hints at a change. An answer
// is a fact; no answer is none: while the platform cannot be reached, nothing is concluded about the agent.
//
// A life is known by its token. When the token that is watched is gone, the run has ended, even if another life is there
// already: that one was started by the platform's own policy or by a person, and the next `start` takes it over.

import { setTimeout as pause } from "node:timers/promises";
import { spellDuration, type DurationMs, type Exit, type Ms } from "@midwatch/core";
import type { EvidenceBundle } from "@midwatch/protocol";
import { describeError } from "../failure.ts";
import type { StartedRun, StopReason } from "../journal/entry.ts";
import { bootId, identify, type ProcessIdentity } from "../process/identity.ts";
import type { SupervisedAgent } from "../supervised-agent.ts";
import { graceEnd } from "./grace.ts";
import type { Life, LifeEnd, Observation, PlatformDriver } from "./platform-driver.ts";
import type { RunOrder, RunStart, Sight, Target, TargetEvents } from "./target.ts";

export interface PlatformTargetOptions extends TargetEvents {
  readonly agent: SupervisedAgent;
  readonly driver: PlatformDriver;
  readonly now: () => Ms;
  readonly takeEvidence: (run: {
    readonly runId: string;
    readonly why: "hung" | "overdue";
    readonly members: readonly ProcessIdentity[];
    readonly lastLines: () => Promise<readonly string[]>;
    readonly platform: () => Promise<readonly { readonly name: string; readonly text: string }[]>;
  }) => Promise<EvidenceBundle>;
}

const lookEveryMs: DurationMs = 2_000;
/** How long a start or a stop that was taken may need to be seen. */
const effectLimitMs: DurationMs = 30_000;
const effectLookMs: DurationMs = 200;
/** After KILL; and for a platform that does not answer while something is to be stopped. */
const killLimitMs: DurationMs = 60_000;
const incidentLines = 20;

type Known = Extract<Observation, { known: true }>;

interface Watched {
  readonly runId: string;
  readonly life: Life;
}

export class PlatformTarget implements Target {
  readonly outlivesSupervisor = true;
  readonly isChatty = false;
  readonly #options: PlatformTargetOptions;
  readonly #stopHints: () => void;
  #watched: Watched | null = null;
  #timer: NodeJS.Timeout | null = null;
  #looking: Promise<void> | null = null;
  /** A start or a hold is under way: what runs or not meanwhile is its business. */
  #busy = false;
  #stopReason: StopReason | null = null;
  #summary: string | null = null;
  #ladder: Promise<void> | null = null;
  #hurry = new AbortController();
  #grantedUntil = 0;
  #isAway = false;
  #remark: string | null = null;
  #closed = false;

  constructor(options: PlatformTargetOptions) {
    this.#options = options;
    this.#stopHints = options.driver.subscribe(() => void this.#lookNow());
    this.#plan();
  }

  get what(): string {
    return this.#options.driver.what;
  }

  get isRunning(): boolean {
    return this.#watched !== null;
  }

  get stopReason(): StopReason | null {
    return this.#stopReason;
  }

  async sight(): Promise<Sight> {
    await this.#warnOfConflicts();
    const seen = await this.#observe();
    const token = seen?.known === true ? seen.running?.token : undefined;
    // What cannot be asked now is taken for what it was: an end is told once it is seen.
    return { found: [], isAlive: ({ identity }) => seen === null || identity.startTime === token };
  }

  async #warnOfConflicts(): Promise<void> {
    const { driver, log } = this.#options;
    try {
      for (const conflict of await driver.conflicts()) log(conflict);
    } catch (error) {
      log(`${driver.what} could not be looked at for conflicts: ${describeError(error)}`);
    }
  }

  /** Null while the platform cannot be reached, which is said once. */
  async #observe(): Promise<Observation | null> {
    const { driver, log } = this.#options;
    try {
      const observation = await driver.observe();
      if (this.#isAway) log(`${driver.what} can be seen again`);
      this.#isAway = false;
      return observation;
    } catch (error) {
      if (!this.#isAway && !this.#closed)
        log(`${driver.what} cannot be seen, and nothing is concluded from that: ${describeError(error)}`);
      this.#isAway = true;
      return null;
    }
  }

  async start(order: RunOrder): Promise<RunStart> {
    this.#busy = true;
    try {
      return await this.#start(order);
    } catch (error) {
      return { ok: false, reason: describeError(error), isPassing: true };
    } finally {
      this.#busy = false;
    }
  }

  async #start({ runId, environment }: RunOrder): Promise<RunStart> {
    const { driver, log } = this.#options;
    const before = await driver.observe();
    if (!before.known) return { ok: false, reason: before.reason, isPassing: false };
    // What runs is started all the same: it may be frozen, and else that changes nothing.
    const refusal = await driver.start({ runId, environment });
    if (before.running) {
      log(`${driver.what} runs already: it was started outside of Midwatch, and is taken over`);
      return this.#began(runId, before.running);
    }
    if (refusal) return { ok: false, reason: refusal.reason, isPassing: false };
    const giveUpAt = performance.now() + effectLimitMs;
    let seen: Known = before;
    while (performance.now() < giveUpAt) {
      const now = await driver.observe();
      if (!now.known) return { ok: false, reason: now.reason, isPassing: false };
      seen = now;
      if (seen.running) return this.#began(runId, seen.running);
      if (endedSince(before, seen)) return this.#endedAtOnce(runId, seen);
      await pause(effectLookMs);
    }
    const remark = seen.remark === null ? "" : `: ${seen.remark}`;
    return {
      ok: false,
      reason: `${driver.what} took the start, and did not run within ${spellDuration(effectLimitMs)}${remark}`,
      isPassing: false,
    };
  }

  #began(runId: string, life: Life): RunStart {
    this.#watch({ runId, life });
    return { ok: true, run: { runId, identity: identityOf(life) }, pid: life.pid };
  }

  /** It ran and was gone before anybody could look: a start and an end. */
  #endedAtOnce(runId: string, seen: Known): RunStart {
    const started = this.#began(runId, { pid: null, token: "ended at once" });
    setImmediate(() => void this.#ended(seen.lastEnd));
    return started;
  }

  #watch(watched: Watched): void {
    this.#watched = watched;
    this.#stopReason = null;
    this.#summary = null;
    this.#hurry = new AbortController();
    this.#grantedUntil = 0;
  }

  adopt({ runId, identity }: Pick<StartedRun, "runId" | "identity">): Promise<number | null> {
    const pid = identity.pid === 0 ? null : identity.pid;
    this.#watch({ runId, life: { pid, token: identity.startTime } });
    return Promise.resolve(pid);
  }

  /** Of one container or unit there is never a second copy. */
  endStray(): Promise<void> {
    return Promise.resolve();
  }

  async remember(): Promise<Pick<Exit, "code" | "signal" | "oom">> {
    const seen = await this.#observe();
    const end = seen?.known === true && seen.running === null ? seen.lastEnd : null;
    return { code: end?.code ?? null, signal: end?.signal ?? null, oom: end?.oom ?? null };
  }

  #plan(): void {
    if (this.#closed) return;
    this.#timer = setTimeout(() => void this.#lookNow().finally(() => this.#plan()), lookEveryMs);
    this.#timer.unref();
  }

  #lookNow(): Promise<void> {
    this.#looking ??= this.#lookOnce().finally(() => (this.#looking = null));
    return this.#looking;
  }

  async #lookOnce(): Promise<void> {
    const watchedBefore = this.#watched;
    if (!this.#mayConclude(watchedBefore)) return;
    const seen = await this.#observe();
    // What has begun or ended while the platform was answering is newer than its answer.
    if (seen === null || !this.#mayConclude(watchedBefore)) return;
    if (!seen.known) {
      if (this.#watched) await this.#ended(null, seen.reason);
      return;
    }
    this.#tellRemark(seen.remark);
    if (this.#watched) {
      if (seen.running?.token === this.#watched.life.token) return;
      await this.#ended(seen.lastEnd);
    } else if (seen.running && this.#ladder === null) {
      this.#options.onAppeared(`${this.#options.driver.platform} or a person at it`);
    }
  }

  #mayConclude(watchedBefore: Watched | null): boolean {
    return !this.#closed && !this.#busy && this.#watched === watchedBefore;
  }

  #tellRemark(remark: string | null): void {
    if (remark !== null && remark !== this.#remark) this.#options.log(remark);
    this.#remark = remark;
  }

  async #ended(end: LifeEnd | null, remark: string | null = this.#remark): Promise<void> {
    const watched = this.#watched;
    if (watched === null) return;
    const stoppedFor = this.#stopReason;
    const notes = [
      ...(this.#summary === null ? [] : [`[midwatch] when it was stopped: ${this.#summary}`]),
      ...(remark === null ? [] : [`[midwatch] ${remark}`]),
    ];
    const lastLines = [...notes, ...(await this.lastLines(incidentLines))];
    if (this.#watched !== watched) return;
    this.#watched = null;
    const { code, signal, oom } = end ?? { code: null, signal: null, oom: null };
    const exit = { code, signal, oom: stoppedFor === null ? oom : null, stoppedFor, lastLines };
    this.#options.onEnded({ runId: watched.runId, at: this.#options.now(), exit });
  }

  stop(why: StopReason, { kill }: { readonly kill: boolean }): void {
    if (this.#watched === null) return;
    this.#stopReason = why;
    if (kill) this.#hurry.abort();
    this.#ladder ??= this.#climb(this.#watched, why).finally(() => (this.#ladder = null));
  }

  grant(ms: DurationMs): void {
    this.#grantedUntil = performance.now() + ms;
  }

  hurry(): void {
    this.#hurry.abort();
  }

  async #climb(watched: Watched, why: StopReason): Promise<void> {
    const { agent, driver, takeEvidence, onEvidence, onUnkillable } = this.#options;
    const { runId, life } = watched;
    if (why === "hung" || why === "overdue") {
      const main = life.pid === null ? null : identify(life.pid);
      const evidence = await takeEvidence({
        runId,
        why,
        members: main === null ? [] : [main],
        lastLines: () => this.lastLines(200),
        platform: () => driver.evidence(),
      });
      this.#summary = evidence.summary;
      onEvidence(evidence);
    }
    const { signal } = this.#hurry;
    const { stopAnnounceMs, stopGraceMs, stopLimitMs } = agent;
    if (why !== "hung") await this.#untilGone(watched, performance.now() + stopAnnounceMs, signal);
    if (!signal.aborted && this.#isWatched(watched)) {
      await this.#ask(() => driver.requestStop());
      const grantedUntil = (): number => this.#grantedUntil;
      const grace = { graceMs: stopGraceMs, limitMs: stopLimitMs, grantedUntil };
      await this.#untilGone(watched, graceEnd(performance.now(), grace), signal);
    }
    const giveUpAt = performance.now() + killLimitMs;
    while (this.#isWatched(watched) && performance.now() < giveUpAt) {
      await this.#ask(() => driver.kill());
      await this.#untilGone(watched, performance.now() + lookEveryMs);
    }
    if (this.#isWatched(watched)) {
      onUnkillable(
        `${driver.what} could not be stopped within ${spellDuration(killLimitMs)}, so nothing else is started`,
      );
    }
  }

  async #ask(call: () => Promise<void>): Promise<void> {
    try {
      await call();
    } catch (error) {
      this.#options.log(`${this.#options.driver.what} could not be asked to stop: ${describeError(error)}`);
    }
  }

  /** Looks until that life is over or the time is. */
  async #untilGone(watched: Watched, until: number | (() => number), hurry?: AbortSignal): Promise<void> {
    const deadline = typeof until === "number" ? (): number => until : until;
    while (this.#isWatched(watched) && performance.now() < deadline() && hurry?.aborted !== true) {
      await this.#lookNow();
      if (this.#isWatched(watched)) await pause(effectLookMs);
    }
  }

  /** Once let go of, what runs under that name may be the next life of another keeper. */
  #isWatched(watched: Watched): boolean {
    return this.#watched === watched && !this.#closed;
  }

  async swept(): Promise<string | null> {
    await this.#ladder;
    return this.#watched === null ? null : `${this.what} still runs and could not be stopped`;
  }

  async hold(): Promise<void> {
    const { driver, log } = this.#options;
    this.#busy = true;
    try {
      const seen = await driver.observe();
      if (!seen.known) return;
      const giveUpAt = performance.now() + effectLimitMs;
      for (let holdAt = 0; ;) {
        if (performance.now() >= holdAt) {
          await driver.hold();
          holdAt = performance.now() + lookEveryMs;
        }
        const now = await driver.observe();
        if (!now.known || (now.running === null && !now.restarting)) return;
        if (performance.now() > giveUpAt) {
          log(
            `${driver.what} is started again by ${driver.platform} although it is to stay down; see \`midwatch doctor\``,
          );
          return;
        }
        await pause(effectLookMs);
      }
    } catch (error) {
      log(`${driver.what} could not be kept down: ${describeError(error)}`);
    } finally {
      this.#busy = false;
    }
  }

  async lastLines(limit: number): Promise<readonly string[]> {
    try {
      return await this.#options.driver.lastLines(limit);
    } catch {
      // No log, no last words; the end itself is still told.
      return [];
    }
  }

  /** What it prints is the platform's to keep. */
  look(): Promise<void> {
    return Promise.resolve();
  }

  letGo(): void {
    this.#closed = true;
    if (this.#timer) clearTimeout(this.#timer);
    this.#stopHints();
    void this.#options.driver.close();
  }
}

function endedSince(before: Known, seen: Known): boolean {
  return seen.lastEnd?.at != null && seen.lastEnd.at !== before.lastEnd?.at;
}

/** In the journal's terms: the token stands where a process has its start time. */
function identityOf({ pid, token }: Life): ProcessIdentity {
  return { pid: pid ?? 0, startTime: token, bootId: bootId() };
}
