import { randomUUID } from "node:crypto";
import type { BeatBody } from "./beat-body.ts";
import { Delivery, type Answer, type Parcel } from "./delivery.ts";
import type { Meter } from "./metering/metered-fetch.ts";
import { unclaimed } from "./metering/unclaimed.ts";
import { MAX_TOOLS, preview, toolOf, type Status, type ToolCall } from "./fields.ts";
import type { Settings } from "./settings.ts";
import { Tally } from "./tally.ts";
import { usageRow } from "./usage-shapes.ts";
import type { Grumbler, World } from "./world.ts";

/** What the server last told the agent to do, and why. */
export interface Directive {
  readonly kind: "continue" | "pause" | "stop";
  readonly reason: string | null;
  readonly warning: "loop_detected" | "cost_exceeded" | null;
}

export const CONTINUE: Directive = { kind: "continue", reason: null, warning: null };

/** What one beat says besides who says it and what was used. */
export type Facts = Omit<
  Partial<BeatBody>,
  "agent" | "ts" | "run_id" | "instance" | "seq" | "status" | "usage" | "tools" | "tokens_used"
> & { readonly status: Status };

/** Beats that wait in memory during an outage: 17 hours of one a minute before the first are folded. */
const QUEUE_LIMIT = 1_024;
const MEMORY_EVERY_MS = 10_000;

/** Numbers the beats of one agent and one `instance`, fills in what was used, and hands them to the delivery. */
export class Reporter {
  readonly settings: Settings;
  readonly world: World;
  readonly grumbler: Grumbler;
  /** Set by a loop that paces itself. */
  everyMs: number | null = null;
  /** Turns begun, over all loops of this object. */
  turnsBegun = 0;
  directive: Directive = CONTINUE;
  /** Called when the server tells the agent something else than before. */
  onDirective: () => void = () => undefined;
  /** Why the agent is shutting down, once that was announced; no beat may call it back to `up`. */
  ending: string | null = null;

  /** Where a metered fetch of this agent tells what was used. */
  readonly meter: Meter = {
    call: (row, tools) => {
      this.#tally.row(row);
      for (const { name, args } of tools) this.tool(name, args);
    },
    unknown: (kind, why) => this.grumbler.once(`meter ${kind}`, why),
  };

  readonly #delivery: Delivery | null;
  readonly #tally = new Tally();
  #tools: ToolCall[] = [];
  /** Random per object: whatever shares a run (threads, child processes, a second object) has its own count of beats. */
  readonly #instance = randomUUID().slice(0, 13);
  #seq = 0;
  #memoryAtMs = Number.NEGATIVE_INFINITY;

  constructor(settings: Settings, world: World, grumbler: Grumbler, queueLimit = QUEUE_LIMIT) {
    this.settings = settings;
    this.world = world;
    this.grumbler = grumbler;
    const { target } = settings;
    const onAnswer = (answer: Answer, { status }: BeatBody): void => {
      // The answer to a last word has nothing to tell; the directive goes on saying why the loop ended.
      if (!isLast(status)) this.#heed(answer);
    };
    const onRefused = (beat: BeatBody): void => void this.#tally.tokens(beat.tokens_used);
    this.#delivery =
      target === null ? null : new Delivery({ target, world, grumbler, queueLimit, onAnswer, onRefused });
  }

  tokens(count: number): void {
    if (!this.#tally.tokens(count)) {
      this.grumbler.once("tokens", `tokens are numbers from 0; ${preview(count)} is not counted`);
    }
  }

  /** Counts a usage object of any known shape, or a list of them; returns the tokens found. */
  usage(given: unknown): number {
    let tokens = 0;
    for (const one of Array.isArray(given) ? (given as unknown[]) : [given]) {
      const row = usageRow(one);
      if (row === null) {
        this.grumbler.once("usage", "a usage object holds no token count that is known; it counts nothing");
        continue;
      }
      tokens += row.input_tokens + row.output_tokens;
      this.#tally.row(row);
    }
    return tokens;
  }

  tool(name: string, args: unknown): void {
    this.#tools.push(toolOf(name, args));
    if (this.#tools.length > 2 * MAX_TOOLS) this.#tools = this.#tools.slice(-MAX_TOOLS);
  }

  /** Something was used that no beat has told yet. */
  get owes(): boolean {
    return !this.#tally.isEmpty || unclaimed()?.isEmpty === false;
  }

  /** Makes a beat and hands it over; null when nobody watches. Costs microseconds: nothing is sent before the loop next waits. */
  beat(facts: Facts): Parcel | null {
    // Who beats to nobody leaves what the preload has metered to who beats to somebody.
    if (this.#delivery !== null) this.#claim();
    const used = this.#tally.take();
    const tools = this.#tools.slice(-MAX_TOOLS);
    this.#tools = [];
    if (this.#delivery === null) return null;
    const { agent, runId, intervalMs } = this.settings;
    return this.#delivery.push({
      agent,
      status: this.ending === null || isLast(facts.status) ? facts.status : "shutting_down",
      tokens_used: used.tokens,
      ts: this.world.wallMs() / 1000,
      run_id: runId,
      instance: this.#instance,
      seq: ++this.#seq,
      cycle: facts.cycle,
      cycle_kind: facts.cycle_kind,
      cycle_ms: facts.cycle_ms,
      usage: used.rows.length === 0 ? undefined : used.rows,
      interval_s: intervalMs === null ? undefined : intervalMs / 1000,
      every_s: intervalMs !== null || this.everyMs === null ? undefined : this.everyMs / 1000,
      lease_s: facts.lease_s,
      lease_reason: facts.lease_reason,
      message: facts.message,
      progress: facts.progress,
      tools: tools.length === 0 ? undefined : tools,
      metrics: facts.metrics,
    });
  }

  /** Gives way to other work and waits, at most `ms` and never longer than the loop's patience, until the beat is answered. */
  async answered(parcel: Parcel | null, ms = Number.POSITIVE_INFINITY): Promise<void> {
    if (parcel === null || this.#delivery === null) await new Promise(setImmediate);
    else await this.#delivery.answered(parcel, Math.min(ms, this.settings.patienceMs));
  }

  async flush(ms: number): Promise<boolean> {
    return this.#delivery === null ? true : this.#delivery.flush(ms);
  }

  /** Resident memory, now and then: memory that grows until the process dies is a pattern of the daily report. */
  memory(): Readonly<Record<string, number>> | undefined {
    const now = this.world.monotonicMs();
    if (this.#delivery === null || now - this.#memoryAtMs < MEMORY_EVERY_MS) return undefined;
    this.#memoryAtMs = now;
    try {
      return { rss_mb: Math.round(process.memoryUsage.rss() / 100_000) / 10 };
    } catch {
      // Reading it opens a file, which fails when the process has run out of descriptors. The beat matters more.
      return undefined;
    }
  }

  /** Takes over what the preload has metered in this process. */
  #claim(): void {
    const pool = unclaimed();
    if (pool === null || pool.isEmpty) return;
    const { tokens, rows, tools } = pool.take();
    for (const row of rows) this.#tally.row(row);
    this.#tally.tokens(tokens - rows.reduce((sum, row) => sum + row.input_tokens + row.output_tokens, 0));
    this.#tools.push(...tools);
  }

  #heed(answer: Answer): void {
    const before = this.directive.kind;
    this.directive = { kind: answer.directive, reason: answer.reason, warning: answer.warning };
    if (answer.directive !== before) this.onDirective();
  }
}

function isLast(status: Status): boolean {
  return status === "stopped" || status === "exited";
}
