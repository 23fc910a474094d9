// What a metering proxy delivers: calls that have ended, in the order of its spool. Everything up to the highest durable number
// is skipped, so a batch may come any number of times. Times are the proxy's, put right by the difference between its clock and ours.

import type { MeteredCall } from "@midwatch/core";
import type { MeterCall, ParsedMeterItems, SpooledCall } from "@midwatch/protocol";
import type { Store } from "@midwatch/store";
import type { Clock } from "../clock.ts";
import type { Log } from "../log.ts";
import type { SharedBudgets } from "./shared-budgets.ts";
import type { UsageMeter } from "./usage-meter.ts";

export interface MeterIntakeDeps {
  readonly store: Pick<Store, "spoolUpto">;
  readonly clock: Pick<Clock, "now">;
  readonly log: Pick<Log, "warn">;
  readonly usage: UsageMeter;
  readonly shared: Pick<SharedBudgets, "settle">;
}

export class MeterIntake {
  readonly #deps: MeterIntakeDeps;
  /** One batch of a meter after the other. */
  readonly #last = new Map<string, Promise<unknown>>();

  constructor(deps: MeterIntakeDeps) {
    this.#deps = deps;
  }

  /**
   * Stores what is new; resolves to the highest number that is durable, once everything that follows from the batch (an agent's
   * pause, too) is durable as well. Rejects with `StoreError` when nothing of it is.
   */
  async receive(meter: string, batch: ParsedMeterItems): Promise<number> {
    const before = this.#last.get(meter) ?? Promise.resolve();
    const receiving = before.then(() => this.#receive(meter, batch));
    const settled = receiving.catch(() => undefined);
    this.#last.set(meter, settled);
    try {
      return await receiving;
    } finally {
      if (this.#last.get(meter) === settled) this.#last.delete(meter);
    }
  }

  async #receive(meter: string, { spool, sentAt, items }: ParsedMeterItems): Promise<number> {
    const { store, clock, log, usage, shared } = this.#deps;
    // Beside a supervisor of the same name a meter has a spool of its own.
    const supervisor = `meter:${meter}`;
    const durable = await store.spoolUpto(supervisor, spool);
    const fresh = items.filter(({ n }) => n > durable);
    const upto = Math.max(durable, fresh.at(-1)?.n ?? 0);
    if (fresh.length === 0) return upto;
    const refused = fresh.filter((item) => item.is === "refused");
    if (refused.length > 0) {
      log.warn(
        { meter, refused: refused.length, first: refused[0]?.errors },
        "calls of a meter are not what they should be and are left out; is it of another version?",
      );
    }
    const aheadMs = clock.now() - sentAt;
    const calls = byAgent(fresh, (at) => Math.round(at + aheadMs));
    await usage.record({ calls, spool: { supervisor, spool, upto, at: clock.now() } });
    await shared.settle();
    return upto;
  }
}

function byAgent(items: readonly SpooledCall[], here: (at: number) => number): Map<string, MeteredCall[]> {
  const calls = new Map<string, MeteredCall[]>();
  for (const item of items) {
    if (item.is === "refused") continue;
    const known = calls.get(item.agent) ?? [];
    known.push(callOf(item.call, here));
    calls.set(item.agent, known);
  }
  return calls;
}

function callOf(call: MeterCall, here: (at: number) => number): MeteredCall {
  return {
    key: call.key,
    at: here(call.at),
    source: "proxy",
    provider: call.provider,
    model: call.model,
    inputTokens: call.input_tokens,
    outputTokens: call.output_tokens,
    cacheReadTokens: call.cache_read_tokens,
    cacheWriteTokens: call.cache_write_tokens,
    reasoningTokens: call.reasoning_tokens,
    calls: 1,
    costUsdMicros: call.cost_usd_micros,
    outcome: call.outcome,
    isEstimated: call.estimated,
    tools: call.tools.map(({ name, args_hash }) => ({ name, argsHash: args_hash })),
    promptHash: call.prompt_hash,
    trace: null,
    session: call.session,
    remarks: call.remarks,
  };
}
