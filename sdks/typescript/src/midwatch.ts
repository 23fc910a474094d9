import type { Status, ToolCall } from "./beat-body.ts";
import type { Cycle } from "./cycle.ts";
import { durationMs, type Duration } from "./duration.ts";
import { Loop } from "./loop.ts";
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
  /** US dollars; absent is unpriced. */
  readonly cost_usd?: number | undefined;
  readonly message?: string | undefined;
  readonly progress?: string | number | undefined;
  readonly cycle?: number | undefined;
  readonly cycle_kind?: string | undefined;
  /** How long the cycle took; its presence says that this beat ends one. */
  readonly cycle_ms?: number | undefined;
  /** Seconds during which nothing will be heard. */
  readonly lease_s?: number | undefined;
  readonly lease_reason?: string | undefined;
  readonly tools?: readonly ToolCall[] | undefined;
  readonly metrics?: Readonly<Record<string, number>> | undefined;
}

export interface CyclesOptions {
  /** The pace, start to start. Without it a turn follows the other at once. */
  readonly every?: Duration | undefined;
  /** The kind of every cycle that does not name its own. */
  readonly kind?: string | undefined;
}

/**
 * Watches one agent from inside its own loop. Never throws for a failure of the monitoring, never holds the loop longer than
 * `maxBlockMs` (default 250 ms) whatever the server does, and never beats on its own: no loop, no beat.
 */
export class Midwatch {
  readonly #reporter: Reporter;
  #loop: Loop | null = null;

  constructor(options: MidwatchOptions = {}, world: World = realWorld) {
    const grumbler = new Grumbler(world);
    this.#reporter = new Reporter(readSettings(options, world, grumbler), world, grumbler);
    this.#reporter.onDirective = () => this.#loop?.wake();
  }

  /** The agent's name; empty when none was given. */
  get agent(): string {
    return this.#reporter.settings.agent;
  }

  /** What the server last said: go on, pause or stop, and why. */
  get directive(): Directive {
    return this.#reporter.directive;
  }

  /**
   * The agent's main loop: `for await (const cycle of watch.cycles({ every: "60s" }))`. Each turn ends in a beat. Throws a TypeError for
   * an `every` that is no duration: a loop without its pace would spend money at full speed.
   */
  cycles(options: CyclesOptions = {}): AsyncGenerator<Cycle, void, undefined> {
    const everyMs = options.every === undefined ? 0 : durationMs(options.every);
    if (everyMs === null) {
      throw new TypeError(`every: "${String(options.every)}" is no duration; write it like "60s", or as seconds`);
    }
    const { settings, grumbler } = this.#reporter;
    if (settings.intervalMs !== null && everyMs > settings.intervalMs) {
      grumbler.once("pace", "the loop's pace is slower than the interval it promises: it will be late every time");
    }
    this.#reporter.everyMs = everyMs === 0 ? null : everyMs;
    this.#loop = new Loop(this.#reporter, { everyMs, kind: options.kind });
    return this.#loop.turns();
  }

  /** One beat from a loop of one's own. Resolves with the latest directive, after at most `maxBlockMs`. */
  async beat(fields: BeatFields = {}): Promise<Directive> {
    const reporter = this.#reporter;
    const counted = fields.usage === undefined ? 0 : reporter.usage(fields.usage);
    if (fields.tokens_used !== undefined) reporter.tokens(fields.tokens_used - counted);
    for (const tool of fields.tools ?? []) reporter.toolCall(tool.name, tool.args_hash);
    const parcel = reporter.beat({
      status: fields.status ?? "ok",
      cost_usd: within(fields.cost_usd, 1e9),
      message: fields.message,
      progress: fields.progress === undefined ? undefined : String(fields.progress),
      cycle: within(fields.cycle, Number.MAX_SAFE_INTEGER),
      cycle_kind: fields.cycle_kind === "" ? undefined : fields.cycle_kind?.slice(0, 64),
      cycle_ms: within(fields.cycle_ms, 1e12),
      lease_s: within(fields.lease_s, 31 * 86_400),
      lease_reason: fields.lease_reason,
      metrics: fields.metrics === undefined ? undefined : finite(fields.metrics),
    });
    if (fields.status === "stopped" || fields.status === "exited") reporter.ending = null;
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

  /** Waits, at most this long, until everything was delivered; for a program about to call `process.exit`. */
  async flush(limit: Duration = 1): Promise<boolean> {
    return this.#reporter.flush(durationMs(limit) ?? 1_000);
  }

  /** The loop that runs, else one that never turns: for those who write their own and only announce its end. */
  #currentLoop(): Loop {
    const running = this.#loop !== null && !this.#loop.over ? this.#loop : null;
    return running ?? new Loop(this.#reporter, { everyMs: 0, kind: undefined });
  }
}

/** A number the wire would take, else nothing: a beat without a detail is better than a refused beat. */
function within(number: number | undefined, max: number): number | undefined {
  return number !== undefined && number >= 0 && number <= max ? number : undefined;
}

function finite(metrics: Readonly<Record<string, number>>): Record<string, number> {
  const entries = Object.entries(metrics).filter(([name, value]) => name !== "" && Number.isFinite(value));
  return Object.fromEntries(entries.slice(0, 64).map(([name, value]) => [name.slice(0, 64), value]));
}
