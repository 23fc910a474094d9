// A job of launchd. It is asked by `print` and moved by `bootstrap`, `kickstart`, `kill` and `bootout`:
//
//   start        loaded → kickstart; else wait until an unloading is over, bootstrap, and kickstart what that alone does not
//                start; enabled before either, when it is disabled
//   requestStop  a job that launchd keeps alive is unloaded (bootout): that sends TERM, and KILL after the job's ExitTimeOut.
//                A TERM of our own would end the process and launchd would start the next one in the same instant. Any
//                other job gets a plain TERM, and keeps its exit status and our grace
//   kill         the same, with KILL
//   hold         disable and bootout. Nothing less holds: KeepAlive never gives up, and RunAtLoad would start it again at
//                the next boot, before anybody could say that it is to stay down. `start` enables it again
//
// A job that is being unloaded is gone from `print` a moment before its process is, and would be taken for ended: the process
// that was last seen counts as running for as long as it lives.

import { setTimeout as pause } from "node:timers/promises";
import { SupervisorError, systemCode } from "../failure.ts";
import { identify, isAlive, signalProcess, type ProcessIdentity } from "../process/identity.ts";
import {
  driverCallLimitMs,
  type LifeEnd,
  type Observation,
  type PlatformDriver,
  type Refusal,
} from "../target/platform-driver.ts";
import { conflictsOf } from "./conflicts.ts";
import { isKeptAliveBy, outputsOf } from "./job-file.ts";
import { JobPlaces, type Loaded, type PlaceOptions } from "./job-places.ts";
import { withoutEnvironments, type JobPrint } from "./job-print.ts";
import { kickstart, load } from "./job-start.ts";
import { isAbsent, isUnderWay, launchctlBy, type Launchctl, type LaunchctlAnswer } from "./launchctl.ts";
import { lastLinesOfFiles } from "./log-tail.ts";

export interface LaunchdDriverOptions extends PlaceOptions {
  readonly launchctl?: readonly string[];
  readonly log: (line: string) => void;
}

export function openLaunchdDriver(options: LaunchdDriverOptions): PlatformDriver {
  return new LaunchdDriver(options);
}

/** How long an unloading is waited for before it goes on behind our back. */
const bootoutHeadStartMs = 1_000;
/** Of the time of a start, kept for what comes after the wait for the last process. */
const startReserveMs = 6_000;
const lookMs = 100;
const pidLookMs = 500;
const evidenceLimit = 16 * 1024;

class LaunchdDriver implements PlatformDriver {
  readonly platform = "launchd";
  readonly what: string;
  readonly #log: (line: string) => void;
  readonly #closing = new AbortController();
  readonly #launchctl: Launchctl;
  readonly #places: JobPlaces;
  #process: ProcessIdentity | null = null;
  /** Raised with every loading: launchd counts runs from 1 again. */
  #loads = 0;
  #lastEnd: { readonly key: string; readonly end: LifeEnd } | null = null;
  #hasLooked = false;
  /** Unloaded by us, so that nobody needs to be told. */
  #isUnloadedByUs = false;

  constructor(options: LaunchdDriverOptions) {
    this.what = `job ${options.label}`;
    this.#log = options.log;
    this.#launchctl = launchctlBy(options.launchctl ?? ["launchctl"], this.#closing.signal);
    this.#places = new JobPlaces(options, this.#launchctl);
  }

  async observe(): Promise<Observation> {
    const found = await this.#places.find(callEnds());
    const observation = found === null ? await this.#observeUnloaded() : this.#observeLoaded(found);
    this.#hasLooked = true;
    return observation;
  }

  #observeLoaded({ job }: Loaded): Observation {
    this.#process = job.pid === null ? null : identify(job.pid);
    return {
      known: true,
      running: this.#process && lifeOf(this.#process),
      lastEnd: this.#endOf(job),
      restarting: this.#process === null && job.state === "spawn scheduled",
      remark: remarkOf(job, this.#places.label),
    };
  }

  async #observeUnloaded(): Promise<Observation> {
    const { label } = this.#places;
    if (this.#process && !isAlive(this.#process)) {
      this.#process = null;
      this.#lastEnd = { key: "unloaded", end: { at: Date.now(), code: null, signal: null, oom: null } };
    }
    const file = await this.#places.file();
    if (file === null && this.#process === null) return { known: false, reason: this.#places.nowhere };
    const remark =
      this.#isUnloadedByUs || this.#process !== null
        ? null
        : `${label} is not loaded in ${this.#places.domains.join(", ")}; it is loaded from ${file?.path ?? ""} at its next start`;
    const running = this.#process && lifeOf(this.#process);
    return { known: true, running, lastEnd: this.#lastEnd?.end ?? null, restarting: false, remark };
  }

  /** launchd tells no time of an end: it is when it was first seen, and unknown for what had ended before. */
  #endOf({ lastEnd, runs }: JobPrint): LifeEnd | null {
    if (lastEnd === null) return null;
    const ended = (runs ?? 0) - (this.#process === null ? 0 : 1);
    const key = `${this.#loads}/${ended}/${String(lastEnd.code)}/${String(lastEnd.signal)}`;
    if (this.#lastEnd?.key !== key) {
      this.#lastEnd = { key, end: { ...lastEnd, at: this.#hasLooked ? Date.now() : null } };
    }
    return this.#lastEnd.end;
  }

  async start(): Promise<Refusal | null> {
    const giveUpAt = callEnds();
    const tools = { places: this.#places, launchctl: this.#launchctl, giveUpAt };
    const found = await this.#places.find(giveUpAt);
    if (found?.job.pid != null) return null;
    if (found === null) {
      await this.#untilUnloaded(giveUpAt);
      this.#loads += 1;
    }
    const refusal = found === null ? await load(tools) : await kickstart(found.domain, tools);
    if (refusal === null) this.#isUnloadedByUs = false;
    return refusal;
  }

  /** Its process may outlive the job for a moment, and a second one must not be started beside it. */
  async #untilUnloaded(giveUpAt: number): Promise<void> {
    while (this.#process && isAlive(this.#process)) {
      if (performance.now() > giveUpAt - startReserveMs) {
        const reason = `${this.what} is still being unloaded: its process ${this.#process.pid} has not ended yet`;
        throw new SupervisorError("platform_unavailable", reason, { retryable: true });
      }
      await pause(lookMs);
    }
    this.#process = null;
  }

  async requestStop(): Promise<void> {
    const giveUpAt = callEnds();
    const found = await this.#places.find(giveUpAt);
    if (found === null) return;
    if (await this.#mayUnload(found)) await this.#bootout(found.domain, giveUpAt);
    else await this.#signal("SIGTERM", found.domain, giveUpAt);
  }

  /** It comes back by itself unless it is unloaded, and can be loaded again afterwards. */
  async #mayUnload({ job }: Loaded): Promise<boolean> {
    const file = await this.#places.file();
    return file !== null && (job.isKeptAlive || isKeptAliveBy(file));
  }

  async kill(): Promise<void> {
    const giveUpAt = callEnds();
    const found = await this.#places.find(giveUpAt);
    if (found !== null) {
      if (await this.#mayUnload(found)) await this.#bootout(found.domain, giveUpAt);
      await this.#signal("SIGKILL", found.domain, giveUpAt);
    }
    // A job that launchd has let go of cannot be told anything any more; what is left of it can.
    if (this.#process && (await this.#places.find(giveUpAt)) === null) signalProcess(this.#process, "SIGKILL");
  }

  async #signal(signal: "SIGTERM" | "SIGKILL", domain: string, giveUpAt: number): Promise<void> {
    const { label } = this.#places;
    const answer = await this.#launchctl(["kill", signal, `${domain}/${label}`], giveUpAt);
    if (answer.status !== 0 && !isAbsent(answer)) throw this.#places.failed(answer, domain);
  }

  /** Takes it out of its domain. The process gets TERM at once; its end is not waited for. */
  async #bootout(domain: string, giveUpAt: number): Promise<void> {
    const { label } = this.#places;
    this.#isUnloadedByUs = true;
    const problem = (answer: LaunchctlAnswer): SupervisorError | null =>
      answer.status === 0 || isAbsent(answer) || isUnderWay(answer) ? null : this.#places.failed(answer, domain);
    const asking = this.#launchctl(["bootout", `${domain}/${label}`], giveUpAt).then(problem);
    const early = await Promise.race([asking, pause(bootoutHeadStartMs, undefined, { ref: false })]);
    if (early instanceof SupervisorError) throw early;
    if (early === undefined) {
      asking.then(
        (late) => late && this.#log(late.message),
        // It waits for the process to end, longer than a call may take: launchd goes on without being watched.
        () => undefined,
      );
    }
  }

  async hold(): Promise<void> {
    const { label } = this.#places;
    const giveUpAt = callEnds();
    const loaded = await this.#places.everywhere(giveUpAt);
    const file = await this.#places.file();
    const domains = loaded.length > 0 ? loaded.map(({ domain }) => domain) : this.#places.bootDomains(file);
    for (const domain of domains) {
      if (await this.#places.isDisabled(domain, giveUpAt)) continue;
      const answer = await this.#launchctl(["disable", `${domain}/${label}`], giveUpAt);
      if (answer.status !== 0) throw this.#places.failed(answer, domain);
      this.#log(
        `${this.what} is held: disabled in ${domain}, so that no boot starts it. Midwatch allows it again when it starts it; by hand: \`launchctl enable ${domain}/${label}\``,
      );
    }
    for (const { domain } of loaded) await this.#bootout(domain, giveUpAt);
    this.#isUnloadedByUs = true;
  }

  /** launchd tells nobody of an end, so the process that was last seen is felt for. */
  subscribe(hint: () => void): () => void {
    let hintedFor: number | null = null;
    const timer = setInterval(() => {
      const pid = this.#process?.pid ?? null;
      if (pid === null || pid === hintedFor || isThere(pid)) return;
      hintedFor = pid;
      hint();
    }, pidLookMs);
    timer.unref();
    return () => clearInterval(timer);
  }

  async lastLines(limit: number): Promise<readonly string[]> {
    const file = await this.#places.file();
    if (file !== null) return lastLinesOfFiles(outputsOf(file), limit);
    const found = await this.#places.find(callEnds());
    return lastLinesOfFiles(found?.job.outputs ?? [], limit);
  }

  async evidence(): Promise<readonly { readonly name: string; readonly text: string }[]> {
    const found = await this.#places.find(callEnds());
    if (found === null) return [{ name: "launchctl print", text: `${this.#places.label} is loaded in no domain` }];
    const name = `launchctl print ${found.domain}/${this.#places.label}`;
    return [{ name, text: withoutEnvironments(found.text, evidenceLimit) }];
  }

  async conflicts(): Promise<readonly string[]> {
    const giveUpAt = callEnds();
    const loaded = await this.#places.everywhere(giveUpAt);
    const file = await this.#places.file();
    const [domain] = loaded.length > 0 ? loaded.map((one) => one.domain) : this.#places.bootDomains(file);
    const isDisabled = domain !== undefined && (await this.#places.isDisabled(domain, giveUpAt));
    return conflictsOf({ label: this.#places.label, file, loaded, isDisabled });
  }

  close(): Promise<void> {
    this.#closing.abort();
    return Promise.resolve();
  }
}

function callEnds(): number {
  return performance.now() + driverCallLimitMs - 500;
}

function lifeOf({ pid, startTime }: ProcessIdentity): { readonly pid: number; readonly token: string } {
  return { pid, token: `${pid}, ${startTime}` };
}

function isThere(pid: number): boolean {
  try {
    return process.kill(pid, 0);
  } catch (error) {
    // Another user's process refuses to be signalled; that it is there is all that was asked.
    return systemCode(error) === "EPERM";
  }
}

function remarkOf(job: JobPrint, label: string): string | null {
  if (job.jobState === "spawn failed") {
    return `launchd could not run the program of ${label}; check Program and ProgramArguments in ${job.plist ?? "its plist"}`;
  }
  if (job.isThrottled) {
    const soon = job.minimumRuntimeS === null ? "too soon" : `within ${job.minimumRuntimeS} s`;
    return `launchd throttles ${label}: it ends ${soon} of its start, again and again (immediate reason: inefficient)`;
  }
  return job.exitReason === null ? null : `macOS ended the last run of ${label}: ${job.exitReason}`;
}
