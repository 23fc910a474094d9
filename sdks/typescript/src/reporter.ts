import { randomUUID } from "node:crypto";
import { cut, MAX_TOOLS, type BeatBody, type Status, type ToolCall } from "./beat-body.ts";
import { Delivery, type Answer, type Parcel } from "./delivery.ts";
import { post } from "./post.ts";
import type { Settings } from "./settings.ts";
import { Tally } from "./tally.ts";
import { argsHash } from "./tool-digest.ts";
import { usageRow } from "./usage-shapes.ts";
import type { Grumbler, World } from "./world.ts";

/** What the server last told the agent to do, and why. */
export interface Directive {
  readonly kind: "continue" | "pause" | "stop";
  readonly reason: string | null;
  readonly warning: "loop_detected" | "cost_exceeded" | null;
}

/** What one beat says besides who says it and what was used. */
export type Facts = Omit<
  Partial<BeatBody>,
  "agent" | "ts" | "run_id" | "instance" | "seq" | "status" | "usage" | "tools" | "tokens_used"
> & { readonly status: Status };

/** Beats that wait in memory during an outage: 17 hours of one a minute before the first are folded. */
const QUEUE_LIMIT = 1_024;
const RSS_EVERY_MS = 10_000;

/** Numbers the beats of one agent and one `instance`, fills in what was used, and hands them to the delivery. */
export class Reporter {
  readonly settings: Settings;
  readonly world: World;
  readonly grumbler: Grumbler;
  /** Set by a loop that paces itself. */
  everyMs: number | null = null;
  directive: Directive = { kind: "continue", reason: null, warning: null };
  /** Called when the server tells the agent anything but to go on. */
  onDirective: () => void = () => undefined;
  /** Why the agent is shutting down, once that was announced; no beat may call it back to `up`. */
  ending: string | null = null;

  readonly #delivery: Delivery | null;
  readonly #tally = new Tally();
  #tools: ToolCall[] = [];
  /** Random per object: whatever shares a run (threads, forks, a second object) has its own count of beats. */
  readonly #instance = randomUUID().slice(0, 8);
  #seq = 0;
  #rssAt = Number.NEGATIVE_INFINITY;

  constructor(settings: Settings, world: World, grumbler: Grumbler, queueLimit = QUEUE_LIMIT) {
    this.settings = settings;
    this.world = world;
    this.grumbler = grumbler;
    const { target } = settings;
    this.#delivery =
      target === null
        ? null
        : new Delivery({
            post: (body) => post(target, body),
            world,
            grumbler,
            queueLimit,
            onAnswer: (answer) => this.#heed(answer),
            onRefused: (beat) => this.#tally.tokens(beat.tokens_used),
          });
  }

  tokens(number: number): void {
    this.#tally.tokens(number);
  }

  /** Counts a usage object of any known shape, or a list of them; returns the tokens found. */
  usage(given: unknown, named?: { provider?: string; model?: string }): number {
    let tokens = 0;
    for (const one of Array.isArray(given) ? (given as unknown[]) : [given]) {
      const row = usageRow(one, named);
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
    this.toolCall(name, argsHash(args) ?? undefined);
  }

  toolCall(name: string, digest: string | undefined): void {
    const call = { name: cut(name === "" ? "unnamed" : name, 128) };
    this.#tools.push(digest === undefined ? call : { ...call, args_hash: cut(digest, 128) });
    if (this.#tools.length > 2 * MAX_TOOLS) this.#tools = this.#tools.slice(-MAX_TOOLS);
  }

  /** Something was used that no beat has told yet. */
  get owes(): boolean {
    return !this.#tally.isEmpty;
  }

  /** Makes a beat and hands it over; null when nobody watches. Costs microseconds: nothing is sent before the loop next waits. */
  beat(facts: Facts): Parcel | null {
    const used = this.#tally.take();
    const tools = this.#tools.slice(-MAX_TOOLS);
    this.#tools = [];
    if (this.#delivery === null) return null;
    const { agent, runId, intervalMs } = this.settings;
    return this.#delivery.push({
      agent,
      status: this.ending !== null && facts.status === "ok" ? "shutting_down" : facts.status,
      tokens_used: used.tokens,
      ts: this.world.wallMs() / 1000,
      run_id: runId,
      instance: this.#instance,
      seq: ++this.#seq,
      cycle: facts.cycle,
      cycle_kind: facts.cycle_kind,
      cycle_ms: facts.cycle_ms,
      usage: used.rows.length === 0 ? undefined : used.rows,
      cost_usd: facts.cost_usd,
      interval_s: intervalMs === null ? undefined : intervalMs / 1000,
      every_s: intervalMs !== null || this.everyMs === null ? undefined : this.everyMs / 1000,
      lease_s: facts.lease_s,
      lease_reason: facts.lease_reason === undefined ? undefined : cut(facts.lease_reason, 500),
      message: facts.message === undefined ? undefined : cut(facts.message, 2_000),
      progress: facts.progress === undefined || facts.progress === "" ? undefined : cut(facts.progress, 256),
      tools: tools.length === 0 ? undefined : tools,
      metrics: facts.metrics,
    });
  }

  /** Gives way to other work and waits, at most `maxBlockMs`, until the beat is answered. */
  async answered(parcel: Parcel | null): Promise<void> {
    if (parcel !== null && this.#delivery !== null) await this.#delivery.answered(parcel, this.settings.maxBlockMs);
    else await new Promise(setImmediate);
  }

  async flush(ms: number): Promise<boolean> {
    return this.#delivery === null ? true : this.#delivery.flush(ms);
  }

  /** Resident memory, now and then: memory that grows until the process dies is a pattern of the daily report. */
  memory(): Readonly<Record<string, number>> | undefined {
    const now = this.world.monotonicMs();
    if (this.#delivery === null || now - this.#rssAt < RSS_EVERY_MS) return undefined;
    this.#rssAt = now;
    try {
      return { rss_mb: Math.round(process.memoryUsage.rss() / 1_048_576) };
    } catch {
      // Reading it opens a file, which fails when the process has run out of descriptors. The beat matters more.
      return undefined;
    }
  }

  #heed(answer: Answer): void {
    this.directive = { kind: answer.directive, reason: answer.reason, warning: answer.warning };
    if (answer.directive !== "continue") this.onDirective();
  }
}
