import { durationMs, type Duration } from "./duration.ts";
import type { Cycle } from "./cycle.ts";
import { metricsOf, numberOf, statusOf, textOf, type Status } from "./fields.ts";
import { readLastDeath, type LastDeath } from "./last-death.ts";
import { Loop } from "./loop.ts";
import { meteredFetch, type Fetch, type MeteredFetchOptions } from "./metering/metered-fetch.ts";
import { Reporter, type Directive } from "./reporter.ts";
import { readSettings, type MidwatchOptions } from "./settings.ts";
import { Grumbler, realWorld, type World } from "./world.ts";

/** What a beat of one's own loop may say, in the words of the wire. */
export interface BeatFields {
  /** Default `ok`. */
  readonly status?: Status | undefined;
  /** Used since the previous beat; with `usage` beside it, the total of both. */
  readonly tokens_used?: number | undefined;
  /** A usage object of any known shape, or a list of them. */
  readonly usage?: unknown;
  readonly message?: string | undefined;
  readonly progress?: string | number | undefined;
  readonly cycle_kind?: string | undefined;
  /** How long the cycle took; its presence says that this beat ends one. */
  readonly cycle_ms?: number | undefined;
  /** Nothing will be heard for up to this long: seconds, or a text such as `"10m"`. */
  readonly lease_s?: Duration | undefined;
  readonly lease_reason?: string | undefined;
  readonly metrics?: Readonly<Record<string, number>> | undefined;
}

export interface CyclesOptions {
  /** The pace, start to start: `"60s"`, or seconds. Without it a turn follows the other at once. */
  readonly every?: Duration | undefined;
  /** The kind of every cycle that does not name its own. */
  readonly kind?: string | undefined;
}

const MAX_MS = 1e12;

/**
 * Watches one agent from inside its own loop. Never throws for a failure of the monitoring, never holds the loop longer than
 * `patience` (default 250 ms) whatever the server does, and never beats on its own: no loop, no beat.
 */
export class Midwatch {
  /** Why the run before this one ended, as its supervisor tells it; null where nothing died. */
  readonly lastDeath: LastDeath | null;
  /**
   * A fetch to hand to an LLM client, such as `new OpenAI({ fetch: watch.fetch })`: it counts what the client's calls use for the
   * next beat, streams and aborted ones too, and changes nothing that the client sees. Do not tell `usage` of the same calls.
   */
  readonly fetch: Fetch;
  readonly #reporter: Reporter;
  #loop: Loop | null = null;

  constructor(options: MidwatchOptions = {}, world: World = realWorld) {
    const grumbler = new Grumbler(world);
    this.lastDeath = readLastDeath(world.env);
    this.#reporter = new Reporter(readSettings(options, world, grumbler), world, grumbler);
    this.#reporter.onDirective = () => this.#loop?.wake();
    this.fetch = this.meteredFetch();
  }

  /** The agent's name; empty when none was given. */
  get agent(): string {
    return this.#reporter.settings.agent;
  }

  /** What the server last said: go on, pause or stop, why, and what it warns of. */
  get directive(): Directive {
    return this.#reporter.directive;
  }

  /**
   * The agent's main loop: `for await (const cycle of watch.cycles({ every: "60s" }))`. Each turn ends in a beat. One loop at a time.
   * Throws a RangeError for an `every` that is no duration: a loop without its pace would spend money at full speed.
   */
  cycles(options: CyclesOptions = {}): AsyncGenerator<Cycle, void, undefined> {
    const everyMs = durationMs(options.every ?? 0);
    if (everyMs === null) {
      throw new RangeError(
        `every: "${options.every ?? ""}" is no duration; write it like "60s", or as seconds, at most 31d`,
      );
    }
    const loop = new Loop(this.#reporter, { everyMs, kind: textOf("cycle_kind", options.kind) });
    // From the first turn on, so that an iterator nobody uses replaces nothing.
    return loop.turns(() => {
      this.#loop?.supersede();
      this.#loop = loop;
    });
  }

  /** Counts tokens for the next beat. */
  tokens(count: number): void {
    this.#reporter.tokens(count);
  }

  /** Counts the usage of an LLM call for the next beat: a provider's usage object or its whole answer. */
  usage(usage: unknown): void {
    this.#reporter.usage(usage);
  }

  /** Tells a tool call with the next beat, by its name and a digest of its arguments; the last 64 per beat. */
  tool(name: string, args?: unknown): void {
    this.#reporter.tool(name, args);
  }

  /** `fetch` with options: another fetch beneath it, asking OpenAI's streams for their usage, leaving tools out. */
  meteredFetch(options: MeteredFetchOptions = {}): Fetch {
    return meteredFetch({ ...options, meter: this.#reporter.meter, onlyKnown: false });
  }

  /** One beat from a loop of one's own. Resolves with the latest directive, after at most the patience; never rejects. */
  async beat(fields: BeatFields = {}): Promise<Directive> {
    const reporter = this.#reporter;
    const counted = fields.usage === undefined ? 0 : reporter.usage(fields.usage);
    if (fields.tokens_used !== undefined) reporter.tokens(Math.max(0, fields.tokens_used - counted));
    const leaseMs = fields.lease_s === undefined ? null : durationMs(fields.lease_s);
    const status = statusOf(fields.status, reporter.grumbler);
    const parcel = reporter.beat({
      status,
      message: textOf("message", fields.message),
      progress: textOf("progress", fields.progress),
      cycle_kind: textOf("cycle_kind", fields.cycle_kind),
      cycle_ms: numberOf(fields.cycle_ms, MAX_MS),
      lease_s: leaseMs === null ? undefined : leaseMs / 1000,
      lease_reason: leaseMs === null ? undefined : textOf("lease_reason", fields.lease_reason),
      metrics: metricsOf(fields.metrics),
    });
    if (status === "stopped" || status === "exited") reporter.ending = null;
    await reporter.answered(parcel);
    return reporter.directive;
  }

  /** Announces a planned end: alarms for silence and cost are off while the agent winds down, and the loop ends after its turn. */
  async shutdown(reason = "shutting down"): Promise<void> {
    await this.#reporter.answered(this.#currentLoop().announce(reason));
  }

  /** Says that the agent has ended on purpose. The last word; inside a loop, say it before `break`. */
  async stopped(reason?: string): Promise<void> {
    const parcel = this.#currentLoop().stop(reason);
    this.#reporter.ending = null;
    await this.#reporter.answered(parcel);
  }

  /** Waits, at most this long (seconds, or a text such as `"5s"`), until everything was delivered; true when it was. */
  async flush(limit: Duration = 1): Promise<boolean> {
    return this.#reporter.flush(durationMs(limit) ?? 1_000);
  }

  /** The loop that runs or was left, else one that never turns: for those who write their own and only announce its end. */
  #currentLoop(): Loop {
    if (this.#loop !== null && !this.#loop.isDone) return this.#loop;
    return new Loop(this.#reporter, { everyMs: 0, kind: undefined });
  }
}
