// One container under the policy of this supervisor. What counts is what `inspect` says; events only tell when to look, and
// how a life ended that a restart policy has already covered by the next one. The container is known by its name: one that is
// created anew under it is followed, and shows as another life.
//
// | status       | running | restarting | start                             |
// |--------------|---------|------------|-----------------------------------|
// | created      | no      | no         | POST /start                       |
// | running      | yes     | no         | is no error                       |
// | paused       | yes     | no         | POST /unpause                     |
// | restarting   | no      | yes        | POST /stop, then POST /start      |
// | exited       | no      | no         | POST /start                       |
// | removing, dead | no    | no         | refused                           |

import { setTimeout as pause } from "node:timers/promises";
import type { DurationMs } from "@midwatch/core";
import { describeError, SupervisorError } from "../failure.ts";
import { lastLinesOf } from "../process/output-log.ts";
import { driverCallLimitMs, type Observation, type PlatformDriver, type Refusal } from "../target/platform-driver.ts";
import { findConflicts } from "./conflicts.ts";
import { gatherEvidence, type EvidenceText } from "./container-evidence.ts";
import { lifeToken, readContainer, type ContainerFacts } from "./container-facts.ts";
import { EndFinder } from "./end-finder.ts";
import { engineAddress, type Environment } from "./engine-address.ts";
import type { EngineAnswer } from "./engine-client.ts";
import type { EngineEvent } from "./engine-event.ts";
import { messageOf, parseJson } from "./engine-json.ts";
import { readLogText } from "./log-text.ts";
import { controlGroups } from "./memory-counter.ts";
import { healthRemark, memoryRemark, stateRemark } from "./remarks.ts";
import { shareEngine, type Engine } from "./shared-engine.ts";

export interface DockerDriverOptions {
  /** By name, with or without Docker's leading slash, or by id. */
  readonly container: string;
  /** Where `DOCKER_HOST` and its like are read from. */
  readonly env: Environment;
  readonly log: (line: string) => void;
}

const lookLimitMs: DurationMs = 4_000;
/** For what must be asked, done and asked again within one call of the driver. */
const actLimitMs: DurationMs = driverCallLimitMs - 1_500;
/** Longer than any stop timeout that a person would set; nobody waits for it. */
const stopLimitMs: DurationMs = 300_000;
const maxLines = 1_000;

/** Opens no connection by itself; `close` ends what the calls have opened. */
export function openDockerDriver(options: DockerDriverOptions): PlatformDriver {
  return new DockerDriver(options);
}

class DockerDriver implements PlatformDriver {
  readonly platform = "docker";
  readonly #name: string;
  readonly #path: string;
  readonly #log: (line: string) => void;
  readonly #engine: Engine;
  readonly #release: () => void;
  readonly #ends: EndFinder;
  readonly #closing = new AbortController();
  #stopListening: (() => void) | null = null;
  readonly #hints = new Set<() => void>();
  /** The container as last seen: its events may carry another name by now. */
  #id: string | null = null;
  /** Said in the same words for as long as it lasts: a count that rises with every check is not news. */
  #unhealthy: { readonly token: string; readonly remark: string } | null = null;

  constructor({ container, env, log }: DockerDriverOptions) {
    this.#name = container.replace(/^\//, "");
    this.#path = `/containers/${encodeURIComponent(this.#name)}`;
    this.#log = log;
    const { engine, release } = shareEngine(engineAddress(env));
    this.#engine = engine;
    this.#release = release;
    this.#ends = new EndFinder(engine.client);
  }

  get what(): string {
    return `container ${this.#name}`;
  }

  async observe(): Promise<Observation> {
    const facts = await this.#inspect();
    if (facts === null) return { known: false, reason: this.#unknown() };
    this.#id = facts.id;
    this.#ends.count(facts);
    const token = lifeToken(facts);
    const isHere = facts.pid !== null && controlGroups(facts.pid, facts.id) !== null;
    return {
      known: true,
      running: token === null ? null : { pid: isHere ? facts.pid : null, token },
      lastEnd: await this.#ends.lastEnd(facts, this.#closing.signal),
      restarting: facts.status === "restarting",
      remark: this.#remark(facts),
    };
  }

  async start(): Promise<Refusal | null> {
    const left = timeLeft();
    const facts = await this.#inspect();
    if (facts === null) return { reason: this.#unknown() };
    if (facts.status === "removing" || facts.status === "dead") return { reason: stateRemark(facts) ?? facts.status };
    // Docker waits to start it again by itself: that wait is ended first, or two would start it.
    if (facts.status === "restarting") await this.#act("/stop", left());
    const answer = await this.#act(facts.status === "paused" ? "/unpause" : "/start", left());
    if (isDone(answer)) return null;
    if (answer.status === 404 && (await this.#inspect(left())) === null) return { reason: this.#unknown() };
    return { reason: `${this.what} could not be started, Docker says: ${readable(messageOf(answer.text))}` };
  }

  /** By its own stop signal; `POST /stop` would follow it up with a KILL at a time that is not Docker's to choose. */
  async requestStop(): Promise<void> {
    const facts = await this.#inspect();
    if (facts === null) return;
    await this.#end(`/kill?signal=${encodeURIComponent(facts.stopSignal)}`);
  }

  async kill(): Promise<void> {
    await this.#end("/kill");
  }

  /** A stop by Docker's own means also takes the restart policy off until the next start (measured). */
  async hold(): Promise<void> {
    const facts = await this.#inspect();
    if (facts === null || (facts.pid === null && facts.status !== "restarting")) return;
    // It takes as long as the container takes to end. Some versions give up a stop when the one who asked hangs up.
    const stopped = this.#engine.client.call({
      method: "POST",
      path: `${this.#path}/stop`,
      limitMs: stopLimitMs,
      signal: this.#closing.signal,
    });
    const told = stopped.then(
      (answer) => this.#refuseUnless(answer),
      (error: unknown) => {
        if (!this.#closing.signal.aborted) this.#log(`${this.what} could not be stopped: ${describeError(error)}`);
      },
    );
    await Promise.race([told, pause(lookLimitMs, undefined, { ref: false })]);
  }

  subscribe(hint: () => void): () => void {
    this.#hints.add(hint);
    this.#stopListening ??= this.#engine.events.listen((event) => this.#hear(event));
    return () => {
      this.#hints.delete(hint);
      if (this.#hints.size > 0) return;
      this.#stopListening?.();
      this.#stopListening = null;
    };
  }

  async lastLines(limit: number): Promise<readonly string[]> {
    const facts = await this.#inspect();
    if (facts === null) return [];
    const count = Math.min(Math.max(1, Math.floor(limit)), maxLines);
    const path = `${this.#path}/logs?stdout=1&stderr=1&tail=${count}`;
    const signal = AbortSignal.any([this.#closing.signal, AbortSignal.timeout(lookLimitMs)]);
    try {
      const stream = await this.#engine.client.open({ path, limitMs: lookLimitMs, signal });
      return lastLinesOf(await readLogText(stream, { isFramed: !facts.hasTerminal }), count);
    } catch {
      // A log that goes elsewhere (driver none) cannot be read, and one that does not end in time is not waited for.
      return [];
    }
  }

  evidence(): Promise<readonly EvidenceText[]> {
    return gatherEvidence(this.#engine.client, this.#path);
  }

  async conflicts(): Promise<readonly string[]> {
    const facts = await this.#inspect();
    return facts === null ? [this.#unknown()] : findConflicts(facts);
  }

  close(): Promise<void> {
    if (this.#closing.signal.aborted) return Promise.resolve();
    this.#closing.abort();
    this.#stopListening?.();
    this.#stopListening = null;
    this.#hints.clear();
    this.#release();
    return Promise.resolve();
  }

  #unknown(): string {
    const { where } = this.#engine.client;
    return `Docker at ${where} knows no container ${this.#name}; docker ps -a lists those it knows. Create it (docker create --name ${this.#name} …), or correct the name`;
  }

  /** Null when there is no such container. */
  async #inspect(limitMs: DurationMs = lookLimitMs): Promise<ContainerFacts | null> {
    const answer = await this.#engine.client.call({
      method: "GET",
      path: `${this.#path}/json`,
      limitMs,
      signal: this.#closing.signal,
    });
    if (answer.status === 404) return null;
    const facts = answer.status === 200 ? readContainer(parseJson(answer.text)) : null;
    if (facts !== null) return facts;
    const said = readable(messageOf(answer.text));
    const message = `Docker at ${this.#engine.client.where} does not tell of ${this.what} (${answer.status}): ${said}`;
    throw new SupervisorError("platform_unavailable", message, { retryable: true });
  }

  #act(call: string, limitMs: DurationMs): Promise<EngineAnswer> {
    const path = `${this.#path}${call}`;
    return this.#engine.client.call({ method: "POST", path, limitMs, signal: this.#closing.signal });
  }

  async #end(call: string): Promise<void> {
    this.#refuseUnless(await this.#act(call, lookLimitMs));
  }

  /** What is gone or does not run needs no end. */
  #refuseUnless(answer: EngineAnswer): void {
    if (isDone(answer) || answer.status === 404 || answer.status === 409) return;
    const message = `Docker did not end ${this.what}: ${readable(messageOf(answer.text))}`;
    throw new SupervisorError("platform_unavailable", message, { retryable: true });
  }

  #hear(event: EngineEvent | null): void {
    if (event !== null) {
      if (!this.#isOurs(event)) return;
      this.#ends.note(event);
    }
    for (const hint of [...this.#hints]) hint();
  }

  #isOurs({ id, name }: EngineEvent): boolean {
    return name === this.#name || id === this.#id || (this.#name.length >= 12 && id.startsWith(this.#name));
  }

  #remark(facts: ContainerFacts): string | null {
    const remarks = [
      stateRemark(facts),
      this.#healthRemark(facts),
      memoryRemark(facts, this.#ends.outlivedKills(facts)),
    ].filter((remark) => remark !== null);
    return remarks.length === 0 ? null : remarks.join("; ");
  }

  #healthRemark(facts: ContainerFacts): string | null {
    const token = lifeToken(facts);
    const remark = token === null ? null : healthRemark(facts);
    if (token === null || remark === null) this.#unhealthy = null;
    else if (this.#unhealthy?.token !== token) this.#unhealthy = { token, remark };
    return this.#unhealthy?.remark ?? null;
  }
}

/** What is left of the time for one call of the driver. */
function timeLeft(): () => DurationMs {
  const endsAt = performance.now() + actLimitMs;
  return () => Math.max(100, Math.ceil(endsAt - performance.now()));
}

/** 304: it was so already. */
function isDone({ status }: EngineAnswer): boolean {
  return (status >= 200 && status < 300) || status === 304;
}

/** Without the layers that an error came through. */
function readable(message: string): string {
  return message
    .replace(
      /^(?:(?:failed to create (?:shim )?task(?: for container)?|OCI runtime create failed|runc create failed|container_linux\.go:\d+|starting container process caused): )+/i,
      "",
    )
    .replace(/: unknown$/, "")
    .slice(0, 500);
}
