// Spans of one request. First all of them take their places, then those of single inferences are counted, innermost first, and
// at last it is decided which sums wait: a sum counts only when nothing below it has told usage within 90 seconds.

import { SECOND, type DurationMs, type MeteredCall, type Ms } from "@midwatch/core";
import { spanMeaning, type Span, type SpanMeaning } from "@midwatch/protocol/otlp";
import type { HeldCall, Store } from "@midwatch/store";
import type { CollectedBatch, OwnedRecords } from "./batch.ts";
import type { Notes } from "./notes.ts";
import type { SpanTrees } from "./span-trees.ts";

/** Longer than exporters keep spans back: 5 s by default, 60 s at most in what was looked at. */
const holdMs: DurationMs = 90 * SECOND;
/** Held calls that are found again after a restart; there are never as many. */
const maxHeld = 100_000;

interface Meant {
  readonly agent: string;
  readonly span: Span;
  readonly meaning: SpanMeaning;
}

export class SpanIntake {
  readonly #trees: SpanTrees;
  readonly #store: Pick<Store, "heldCalls" | "dueHeldCalls" | "countedTraces">;
  readonly #notes: Notes;
  /** Traces with calls that are held in the store, and perhaps a few more; null until it was asked. */
  #heldTraces: Set<string> | null = null;

  constructor(given: {
    readonly trees: SpanTrees;
    readonly store: Pick<Store, "heldCalls" | "dueHeldCalls" | "countedTraces">;
    readonly notes: Notes;
  }) {
    this.#trees = given.trees;
    this.#store = given.store;
    this.#notes = given.notes;
  }

  async take(records: readonly OwnedRecords[], now: Ms, into: CollectedBatch): Promise<void> {
    const heldTraces = await this.#traces();
    const meant: Meant[] = [];
    for (const { agent, spans } of records) {
      for (const span of spans) {
        if (span.trace === "" || span.span === "") continue;
        this.#trees.arrive(span);
        const meaning = spanMeaning(span);
        if (meaning) meant.push({ agent, span, meaning });
      }
    }
    const told = meant.filter(({ meaning }) => meaning.is !== "tool" && tokensOf(meaning.call) > 0);
    for (const { span } of told) this.#trees.tell(span);
    this.#countInferences(meant, into);
    for (const { agent, span, meaning } of meant) {
      const [tool] = meaning.call.tools;
      if (meaning.is !== "tool" || !tool || !this.#trees.countTool(span, tool.name)) continue;
      into.add(agent, meaning.call);
    }
    await this.#releaseCovered(records, told, heldTraces, into);
    const sums = told.filter(
      ({ span, meaning }) => meaning.is === "sum" && !this.#trees.isCovered(span.trace, span.span),
    );
    const before = await this.#countedBefore(sums);
    for (const { agent, span, meaning } of sums) {
      if (before.has(span.trace)) continue;
      const { trace, span: id, parent } = span;
      heldTraces.add(trace);
      into.hold.push({ agent, trace, span: id, parent, dueAt: now + holdMs, call: meaning.call });
    }
    this.#trees.prune();
  }

  /** Counts what was held long enough. True when there may be more. */
  async promote(now: Ms, limit: number, into: CollectedBatch): Promise<boolean> {
    const due = await this.#store.dueHeldCalls(now, limit);
    for (const held of due) {
      const { trace, span, agent, call } = held;
      into.release.push({ trace, span });
      this.#trees.arrive(held);
      if (!this.#trees.isCovered(trace, span) && this.#trees.count(held, call)) into.add(agent, call);
    }
    return due.length === limit;
  }

  #countInferences(meant: readonly Meant[], into: CollectedBatch): void {
    const inferences = meant
      .filter(({ meaning }) => meaning.is === "inference")
      .map((one) => ({ ...one, depth: this.#trees.depth(one.span.trace, one.span.span) }))
      .sort((a, b) => b.depth - a.depth);
    for (const { agent, span, meaning } of inferences) {
      if (!this.#trees.count(span, meaning.call)) continue;
      const remark = span.sampled ? this.#notes.sampling(agent) : null;
      into.add(agent, remark === null ? meaning.call : withRemark(meaning.call, remark));
    }
  }

  async #releaseCovered(
    records: readonly OwnedRecords[],
    told: readonly Meant[],
    heldTraces: Set<string>,
    into: CollectedBatch,
  ): Promise<void> {
    const traces = new Set<string>();
    for (const { spans } of records) for (const { trace } of spans) if (heldTraces.has(trace)) traces.add(trace);
    if (traces.size === 0) return;
    const tellers = Map.groupBy(told, ({ span }) => span.trace);
    const held = await this.#store.heldCalls([...traces]);
    for (const call of held) {
      const { trace, span } = call;
      const isOurs = this.#trees.isKnown(trace, span);
      // Held before a restart, and links may be missing: then any other usage of its trace is taken to be below it.
      const others = isOurs ? [] : (tellers.get(trace) ?? []).filter((one) => one.span.span !== span);
      if (this.#trees.isCovered(trace, span) || others.length > 0) into.release.push({ trace, span });
    }
    for (const trace of traces) if (!held.some((call) => call.trace === trace)) heldTraces.delete(trace);
  }

  /**
   * Traces of which calls were counted before this process began: their spans are not in memory, and a sum that comes only
   * now is taken to be theirs.
   */
  async #countedBefore(sums: readonly Meant[]): Promise<ReadonlySet<string>> {
    const unseen = new Set(sums.map(({ span }) => span.trace).filter((trace) => !this.#trees.hasCounted(trace)));
    return unseen.size === 0 ? unseen : this.#store.countedTraces([...unseen]);
  }

  async #traces(): Promise<Set<string>> {
    this.#heldTraces ??= tracesOf(await this.#store.dueHeldCalls(Number.MAX_SAFE_INTEGER, maxHeld));
    return this.#heldTraces;
  }
}

function tracesOf(held: readonly HeldCall[]): Set<string> {
  return new Set(held.map(({ trace }) => trace));
}

function tokensOf({ inputTokens, outputTokens }: MeteredCall): number {
  return inputTokens + outputTokens;
}

function withRemark(call: MeteredCall, remark: string): MeteredCall {
  return { ...call, remarks: [...call.remarks.slice(0, 4), remark] };
}
