// One unit of systemd, of the system or of a user. Systemd is asked by `systemctl`, for some milliseconds each time. While the
// main process is still the one that was seen, the run is the same, and that is seen without asking: so a unit that runs
// well costs a glance at /proc. That glance is also the hint of an end, twice a second; a `busctl monitor` for each unit
// would be a process more for each.
//
// Systemd forgets a unit that nothing refers to in the moment it ends well, status and all, and the end of a life that it has
// followed by another at once. The journal remembers both; where it cannot be read, what was forgotten has ended well.

import type { DurationMs, Ms } from "@midwatch/core";
import { describeError, SupervisorError } from "../failure.ts";
import { isAlive, type ProcessIdentity } from "../process/identity.ts";
import type { LifeEnd, Observation, PlatformDriver, Refusal, StartRequest } from "../target/platform-driver.ts";
import type { CommandAnswer } from "./bounded-command.ts";
import { environmentFileOf, writeEnvironmentFile } from "./environment-file.ts";
import { identifyInUnit } from "./main-process.ts";
import { callLimit, lastLine, noSystemd, reachSystemd, unavailable, type Scope, type Systemd } from "./systemctl.ts";
import { unitConflicts } from "./unit-conflicts.ts";
import { unitEvidence } from "./unit-evidence.ts";
import { readUnitFacts, unitProperties, type UnitFacts } from "./unit-facts.ts";
import { journalledEnd, journalLines } from "./unit-journal.ts";
import { loadProblem, observeUnit } from "./unit-observation.ts";

export interface SystemdDriverOptions {
  /** With or without `.service`. */
  readonly unit: string;
  readonly scope: Scope;
  /** The command and what stands before it; usually `systemctl`, with `--user` for a user's unit. */
  readonly systemctl?: readonly string[];
  /** Where a unit with `EnvironmentFile=-FOLDER/UNIT.env` finds the variables of its run; null writes none. */
  readonly environmentFolder: string | null;
  /** What the agent is promised between being asked to stop and being killed; only to tell of a conflict. */
  readonly stopGraceMs?: DurationMs;
  readonly log: (line: string) => void;
}

/** Nothing that systemctl would take for a pattern or an option. */
const unitName = /^[A-Za-z0-9:_.\\@][A-Za-z0-9:_.\\@-]{0,250}$/;
const otherKinds = /\.(?:socket|timer|path|target|mount|automount|swap|slice|scope|device)$/;

/** Throws a `SupervisorError` of code `invalid_agents` for what cannot be the name of a service. */
export function openSystemdDriver(options: SystemdDriverOptions): PlatformDriver {
  const { unit } = options;
  const problem = !unitName.test(unit)
    ? `${JSON.stringify(unit)} is not the name of a systemd unit, which is of letters, digits and : _ . \\ @ - as in bot.service`
    : otherKinds.test(unit)
      ? `${unit} runs no process itself; name the .service that does`
      : null;
  if (problem !== null) throw new SupervisorError("invalid_agents", problem);
  return new SystemdDriver({ ...options, unit: unit.endsWith(".service") ? unit : `${unit}.service` });
}

const glanceEveryMs: DurationMs = 500;
/** Even while its process lives, systemd is asked this often: a systemd that is gone should not go unnoticed. */
const lookEveryMs: DurationMs = 30_000;
const evidenceLimitMs: DurationMs = 4_000;

/** A run whose main process can be seen from here. */
interface Sight {
  readonly process: ProcessIdentity;
  readonly observation: Observation;
  readonly until: number;
}

class SystemdDriver implements PlatformDriver {
  readonly platform = "systemd";
  readonly what: string;
  readonly #options: SystemdDriverOptions;
  readonly #unit: string;
  readonly #systemd: Systemd;
  readonly #timers = new Set<NodeJS.Timeout>();
  #sight: Sight | null = null;
  /** The life that was seen last. */
  #token: string | null = null;
  #lastEnd: LifeEnd | null = null;
  #startedAt: Ms = 0;
  /** `--timestamp` is there since version 248. */
  #precise: readonly string[] = ["--timestamp=us+utc"];

  constructor(options: SystemdDriverOptions) {
    this.#options = options;
    this.#unit = options.unit;
    this.#systemd = reachSystemd(options);
    this.what = `unit ${options.unit}`;
  }

  async observe(): Promise<Observation> {
    const sight = this.#sight;
    if (sight !== null && performance.now() < sight.until && isAlive(sight.process)) return sight.observation;
    this.#sight = null;
    const limit = callLimit();
    const facts = await this.#show(limit);
    const seen = observeUnit(facts, this.#systemd.command);
    if (!seen.known) return seen;
    const process = identifyInUnit(facts.main.pid, facts.controlGroup);
    const running = seen.running && { ...seen.running, pid: process?.pid ?? null };
    const lastEnd = await this.#rememberEnd({ ...seen, running }, facts, limit);
    const observation = { ...seen, running, lastEnd };
    if (process !== null) this.#sight = { process, observation, until: performance.now() + lookEveryMs };
    return observation;
  }

  async #show(limit: AbortSignal): Promise<UnitFacts> {
    const show = ["show", "--property", unitProperties, ...this.#precise, "--", this.#unit];
    const answer = await this.#systemd.systemctl(show, limit);
    if (answer.status === 0) return readUnitFacts(answer.stdout);
    if (this.#precise.length > 0 && answer.stderr.includes("--timestamp")) {
      this.#precise = [];
      return this.#show(limit);
    }
    throw noSystemd(this.#systemd.scope, answer);
  }

  async #rememberEnd(
    { running, lastEnd }: Extract<Observation, { known: true }>,
    facts: UnitFacts,
    limit: AbortSignal,
  ): Promise<LifeEnd | null> {
    const before = this.#token;
    const isForgotten = running === null && lastEnd === null && facts.invocation === "" && !facts.hasJob;
    if (lastEnd !== null) this.#lastEnd = lastEnd;
    else if (running !== null && before !== null && running.token !== before) {
      this.#lastEnd = await journalledEnd(this.#systemd, { unit: facts.unit, invocation: before }, limit);
    } else if (isForgotten && (this.#lastEnd === null || before !== null)) {
      this.#lastEnd = await this.#forgottenEnd(facts, before, limit);
    }
    this.#token = running?.token ?? (lastEnd !== null || isForgotten ? null : before);
    return this.#lastEnd;
  }

  async #forgottenEnd(facts: UnitFacts, invocation: string | null, limit: AbortSignal): Promise<LifeEnd | null> {
    const told = await journalledEnd(this.#systemd, { unit: facts.unit, invocation }, limit);
    // The journal lags: right after a start its newest end may still be the one before.
    if (told?.at != null && told.at >= this.#startedAt) return told;
    if (invocation === null) return null;
    return { at: Date.now(), code: facts.forgetsFailures ? null : 0, signal: null, oom: null };
  }

  async start({ environment }: StartRequest): Promise<Refusal | null> {
    this.#sight = null;
    const limit = callLimit();
    const facts = await this.#show(limit);
    const seen = observeUnit(facts, this.#systemd.command);
    if (!seen.known) return { reason: seen.reason };
    if (seen.running !== null) return null;
    await this.#handOver(facts.unit, environment);
    this.#startedAt = Date.now();
    this.#lastEnd = null;
    // What its last life has left would keep a start waiting until systemd's own limit.
    if (facts.activeState === "deactivating") await this.#tell(["kill", "--signal=SIGKILL"], limit);
    // It refuses only for a unit that it does not hold any more, and that has nothing to forget.
    await this.#tell(["reset-failed"], limit);
    // A start waits for the end of RestartSec=, a restart does not.
    const answer = await this.#tell([seen.restarting ? "restart" : "start", "--no-block"], limit);
    if (answer.status === 0) return null;
    const now = await this.#show(limit);
    return { reason: loadProblem(now, this.#systemd.command) ?? this.#refusal(answer) };
  }

  async #handOver(unit: string, environment: Readonly<Record<string, string>>): Promise<void> {
    const { environmentFolder, log } = this.#options;
    if (environmentFolder === null) return;
    const path = environmentFileOf(environmentFolder, unit);
    try {
      await writeEnvironmentFile(path, environment);
    } catch (error) {
      log(
        `${this.what} is started without the variables of its new run, because ${path} cannot be written: ${describeError(error)}`,
      );
    }
  }

  #tell(order: readonly string[], limit: AbortSignal): Promise<CommandAnswer> {
    return this.#systemd.systemctl([...order, "--", this.#unit], limit);
  }

  #refusal({ status, stderr }: CommandAnswer): string {
    // 4 is the status for "not permitted", as of every init script.
    const advice =
      status === 4 && this.#systemd.scope === "system"
        ? " The supervisor's user may not do that: run it as root, allow it by a polkit rule, or make it a unit of that user (systemd: user/${this.#unit})."
        : ` \`${this.#systemd.command} status ${this.#unit}\` tells more.`;
    return `systemd refused: ${lastLine(stderr)}.${advice}`.replace("..", ".");
  }

  async requestStop(): Promise<void> {
    this.#sight = null;
    await this.#stop(callLimit());
  }

  async #stop(limit: AbortSignal): Promise<void> {
    const answer = await this.#tell(["stop", "--no-block"], limit);
    if (answer.status !== 0) await this.#unlessIdle(answer, limit);
  }

  /** What systemd does not hold, or what has ended meanwhile, needs no order. */
  async #unlessIdle(answer: CommandAnswer, limit: AbortSignal): Promise<void> {
    const { activeState } = await this.#show(limit);
    if (activeState !== "inactive" && activeState !== "failed") throw unavailable(this.#refusal(answer));
  }

  async kill(): Promise<void> {
    this.#sight = null;
    const limit = callLimit();
    await this.#stop(limit);
    const answer = await this.#tell(["kill", "--signal=SIGKILL"], limit);
    if (answer.status !== 0) await this.#unlessIdle(answer, limit);
  }

  /** An order to stop ends what runs, the wait for a restart and a start that has not begun; more is not needed. */
  hold(): Promise<void> {
    return this.requestStop();
  }

  subscribe(hint: () => void): () => void {
    let told: Sight | null = null;
    const timer = setInterval(() => {
      const sight = this.#sight;
      if (sight === null || sight === told || isAlive(sight.process)) return;
      told = sight;
      hint();
    }, glanceEveryMs);
    timer.unref();
    this.#timers.add(timer);
    return () => {
      clearInterval(timer);
      this.#timers.delete(timer);
    };
  }

  lastLines(limit: number): Promise<readonly string[]> {
    return journalLines(this.#systemd, this.#unit, { limit: callLimit(), count: limit });
  }

  evidence(): Promise<readonly { readonly name: string; readonly text: string }[]> {
    return unitEvidence(this.#systemd, this.#unit, callLimit(evidenceLimitMs));
  }

  async conflicts(): Promise<readonly string[]> {
    const limit = callLimit();
    const { command } = this.#systemd;
    const facts = await this.#show(limit);
    const problem = loadProblem(facts, command);
    if (problem !== null) return [problem];
    const { stdout: text } = await this.#systemd.systemctl(["cat", "--", this.#unit], limit);
    return unitConflicts({ facts, text, command, stopGraceMs: this.#options.stopGraceMs ?? null });
  }

  close(): Promise<void> {
    for (const timer of this.#timers) clearInterval(timer);
    this.#timers.clear();
    return Promise.resolve();
  }
}
