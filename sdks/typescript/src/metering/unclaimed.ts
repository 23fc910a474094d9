import { MAX_TOOLS, type ToolCall } from "../fields.ts";
import { Tally } from "../tally.ts";
import type { UsageRow } from "../usage-shapes.ts";

/**
 * What the preload has metered, until a beat of this process takes it along. It is one per thread, whatever object beats:
 * the preload does not know whose call it was. Where several agents live in one process, `watch.fetch` tells them apart.
 */
export class Unclaimed {
  readonly #tally = new Tally();
  #tools: ToolCall[] = [];
  #calls = 0;

  add(row: UsageRow, tools: readonly ToolCall[]): void {
    this.#tally.row(row);
    this.#tools = [...this.#tools, ...tools].slice(-MAX_TOOLS);
    this.#calls += 1;
  }

  get isEmpty(): boolean {
    return this.#calls === 0;
  }

  take(): {
    readonly calls: number;
    readonly tokens: number;
    readonly rows: readonly UsageRow[];
    readonly tools: readonly ToolCall[];
  } {
    const taken = { ...this.#tally.take(), tools: this.#tools, calls: this.#calls };
    this.#tools = [];
    this.#calls = 0;
    return taken;
  }
}

const KEY = Symbol.for("midwatch.unclaimed");

/** Null where nothing is preloaded. Under a global name, because the preload and the agent may have a copy of this package each. */
export function unclaimed(): Unclaimed | null {
  return ((globalThis as Record<symbol, unknown>)[KEY] as Unclaimed | undefined) ?? null;
}

export function offerUnclaimed(): Unclaimed {
  const pool = new Unclaimed();
  Object.defineProperty(globalThis, KEY, { value: pool });
  return pool;
}
