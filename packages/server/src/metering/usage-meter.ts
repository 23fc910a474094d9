import type { MeteredCall } from "@midwatch/core";
import type { TelemetryWrites, Writes } from "@midwatch/store";

/** Calls that were metered, and what has to be written with them. */
export interface MeteredBatch {
  /** By agent, in the order in which they ended as far as that is known. An agent nobody knows is registered. */
  readonly calls: ReadonlyMap<string, readonly MeteredCall[]>;
  readonly telemetry?: TelemetryWrites;
  readonly spool?: NonNullable<Writes["spools"]>[number];
}

/** Where metered calls come in, whoever metered them. */
export interface UsageMeter {
  /**
   * Prices and counts what was not seen before; resolves when it is durable. Rejects with `StoreError` when it is not, and
   * then nothing of the batch is stored.
   */
  record(batch: MeteredBatch): Promise<void>;
}
