import type { MeterBatchAnswer, MeterCall, Standings } from "@midwatch/protocol";
import type { Reply, TestServer } from "./test-server.ts";

/** A metering proxy as the server sees one: it delivers calls and asks how agents stand. */
export interface MeterInTest {
  /** Calls of 100 tokens that were reported to cost a cent, but for what is given. */
  deliver(...calls: ({ readonly agent: string } & Partial<MeterCall>)[]): Promise<Reply<MeterBatchAnswer>>;
  /** The last batch once more. */
  again(): Promise<Reply<MeterBatchAnswer>>;
  standings(known?: string, waitS?: number): Promise<Standings>;
}

export function meterInTest(midwatch: TestServer): MeterInTest {
  const { keys, watch } = midwatch;
  let n = 0;
  let last: unknown = null;
  const send = (): Promise<Reply<MeterBatchAnswer>> =>
    midwatch.call("POST", "/api/v1/meters/meter-1/batch", { body: last as object, key: keys.ingest });
  return {
    deliver: async (...calls) => {
      const now = watch.clock.now();
      const items = calls.map(({ agent, ...over }) => {
        n += 1;
        return { n, agent, call: { ...ordinary, key: `answer-${n}`, at: now, ...over } };
      });
      last = { sent_at: now, spool: "spool-1", items };
      return send();
    },
    again: send,
    standings: async (known, waitS = 0) => {
      const query = known === undefined ? "" : `?known=${known}&wait_s=${waitS}`;
      const path = `/api/v1/meters/meter-1/standings${query}`;
      return (await midwatch.call<Standings>("GET", path, { key: keys.ingest })).body;
    },
  };
}

const ordinary: Omit<MeterCall, "key" | "at"> = {
  provider: "openai",
  model: "gpt-5",
  input_tokens: 90,
  output_tokens: 10,
  cache_read_tokens: 0,
  cache_write_tokens: 0,
  reasoning_tokens: 0,
  cost_usd_micros: 10_000,
  outcome: "ok",
  estimated: false,
  tools: [],
  prompt_hash: null,
  session: null,
  remarks: [],
};
