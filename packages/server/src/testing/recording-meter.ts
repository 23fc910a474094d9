import type { MeteredCall } from "@midwatch/core";
import type { Store } from "@midwatch/store";
import type { MeteredBatch, UsageMeter } from "../metering/usage-meter.ts";

/** A meter that counts every key of an agent once, as the real one does, and remembers telemetry in a real store. */
export interface RecordingMeter extends UsageMeter {
  /** By agent, in the order in which they were counted. */
  readonly calls: ReadonlyMap<string, readonly MeteredCall[]>;
  callsOf(agent: string): readonly MeteredCall[];
  /** Tokens of all agents. */
  readonly tokens: number;
  /** Fails the next batches with this. */
  failWith(error: Error | null): void;
}

export function createRecordingMeter(store: () => Store): RecordingMeter {
  const calls = new Map<string, MeteredCall[]>();
  let failure: Error | null = null;
  const callsOf = (agent: string): MeteredCall[] => calls.get(agent) ?? [];
  return {
    calls,
    callsOf,
    get tokens() {
      const all = [...calls.values()].flat();
      return all.reduce((sum, { inputTokens, outputTokens }) => sum + inputTokens + outputTokens, 0);
    },
    failWith: (error) => {
      failure = error;
    },
    record: async (batch: MeteredBatch) => {
      if (failure !== null) throw failure;
      const { telemetry } = batch;
      await store().fold([], () => ({ agents: [], outbox: () => [], ...(telemetry ? { telemetry } : {}) }));
      for (const [agent, more] of batch.calls) {
        const known = callsOf(agent);
        const keys = new Set(known.map(({ key }) => key));
        calls.set(agent, [...known, ...more.filter(({ key }) => !keys.has(key) && keys.add(key))]);
      }
    },
  };
}
