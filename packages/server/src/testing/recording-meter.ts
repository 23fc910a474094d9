import { defaultSettings, newAgent, type MeteredCall } from "@midwatch/core";
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
      const fresh = Array.from(batch.calls, ([agent, more]) => {
        const keys = new Set(callsOf(agent).map(({ key }) => key));
        return [agent, more.filter(({ key }) => !keys.has(key) && keys.add(key))] as const;
      });
      const agents = fresh.map(([name, ofAgent]) => ({ ...plain, ...newAgentOf(name), calls: ofAgent.map(counted) }));
      const writes = { agents, notices: () => [], ...(telemetry ? { telemetry } : {}) };
      await store().fold([...batch.calls.keys()], () => writes);
      for (const [agent, more] of fresh) calls.set(agent, [...callsOf(agent), ...more]);
    },
  };
}

const plain = { deadline: null, moveDeadline: false, beats: [], history: [], incidents: [] };

function newAgentOf(name: string) {
  return { name, state: newAgent(name, 0, defaultSettings) };
}

function counted(call: MeteredCall) {
  return { call, price: null, counted: true };
}
