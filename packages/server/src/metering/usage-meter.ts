// Where metered calls come in, whoever metered them: they are priced, folded into their agents, and durable when the promise
// resolves.

import type { Ms, MeteredCall, PricedCall, Price } from "@midwatch/core";
import type { TelemetryWrites, Writes } from "@midwatch/store";
import type { Clock } from "../clock.ts";
import type { AgentJob } from "../ledger/fold-agents.ts";
import type { Ledger } from "../ledger/ledger.ts";

/** Calls that were metered, and what has to be written with them. */
export interface MeteredBatch {
  /** By agent, in the order in which they ended as far as that is known. An agent nobody knows is registered. */
  readonly calls: ReadonlyMap<string, readonly MeteredCall[]>;
  readonly telemetry?: TelemetryWrites;
  readonly spool?: NonNullable<Writes["spools"]>[number];
}

export interface UsageMeter {
  /**
   * Prices and counts what was not seen before; resolves when it is durable. Rejects with `StoreError` when it is not, and
   * then nothing of the batch is stored. An agent for whom there is no room is left out.
   */
  record(batch: MeteredBatch): Promise<void>;
}

/** What ended longer ago than this when it is told was kept in a spool: what is over already is not told to anybody. */
const spooledMs = 5 * 60_000;

export function createUsageMeter(given: {
  readonly ledger: Ledger;
  readonly clock: Pick<Clock, "now">;
  readonly priceCall: (call: MeteredCall) => Price | null;
  readonly strict: boolean;
}): UsageMeter {
  const { ledger, clock, priceCall, strict } = given;
  return {
    record: async ({ calls, telemetry, spool }) => {
      const at = clock.now();
      const jobs = Array.from(calls, ([name, ofAgent]): AgentJob => {
        const priced = ofAgent.map((call): PricedCall => ({ call: notAhead(call, at), price: priceCall(call) }));
        const last = Math.max(...priced.map(({ call }) => call.at));
        return {
          name,
          events: [{ type: "usage", at, calls: priced }],
          registerAt: !strict && ledger.census.hasRoomFor(name) ? at : null,
          ...(at - last > spooledMs ? { replayUntil: at } : {}),
        };
      });
      await ledger.commit(jobs, { ...(telemetry ? { telemetry } : {}), ...(spool ? { spool } : {}) });
    },
  };
}

/** A sender's clock may be ahead of ours; nothing has happened in the future. */
function notAhead(call: MeteredCall, now: Ms): MeteredCall {
  return call.at <= now ? call : { ...call, at: now };
}
