/**
 * What a metering proxy and the server say to each other. The proxy always calls.
 *
 * `POST /api/v1/meters/{id}/batch`  MeterBatch → MeterBatchAnswer   what its spool holds, in order
 * `GET  /api/v1/meters/{id}/standings?known=REV&wait_s=20` → Standings   long poll: answers when something differs from REV
 *
 * A key with scope `ingest` is needed.
 *
 * A batch without items is answered alike: `upto` is then the highest `n` that is durable of this meter and spool, 0 for a spool
 * nobody has heard of. The proxy begins with one.
 *
 * `GET /api/v1/meters/{id}/standings?wait_s=0&agent=NAME` with a key that a caller of the proxy has sent tells whether that key may
 * speak for the agent: 200, or 401 or 403. A proxy that listens on more than loopback asks it once for each key and agent.
 */

/** One LLM call as the proxy saw it. Counts are integers from 0 to 10^12, money is micro-dollars. */
export interface MeterCall {
  /** The provider's id of the answer, else one made by the proxy; at most 200 characters. */
  key: string;
  /** When it ended, in milliseconds of the proxy's clock; put right by the difference to `sent_at`. */
  at: number;
  provider: string | null;
  model: string | null;
  /** Includes cache tokens. */
  input_tokens: number;
  /** Includes reasoning tokens. */
  output_tokens: number;
  cache_read_tokens: number;
  cache_write_tokens: number;
  reasoning_tokens: number;
  /** As the provider reports it; null when it does not. */
  cost_usd_micros: number | null;
  outcome: "ok" | "failed" | "aborted";
  /** The usage is guessed from the length of the texts. */
  estimated: boolean;
  tools: { name: string; args_hash: string | null }[];
  prompt_hash: string | null;
  session: string | null;
  /** What was odd about it; at most 5 short sentences. */
  remarks: string[];
}

export interface MeterItem {
  /** Rises by one for each; makes a retry harmless. */
  n: number;
  agent: string;
  call: MeterCall;
}

export interface MeterBatch {
  /** The proxy's clock when it sent this, in milliseconds. */
  sent_at: number;
  /** Changes whenever the proxy's spool starts anew, so that `n` may start over. */
  spool: string;
  /** At most 1,000. */
  items: MeterItem[];
}

export interface MeterBatchAnswer {
  /** The highest `n` that is durable here; everything up to it may leave the spool. */
  upto: number;
  /** Judged after this batch: what it made exceed a budget is paused here already. */
  standings: Standings;
}

/** Who may call, and who is watched so closely that a call must wait for what came before it. */
export interface Standings {
  rev: string;
  /** Agents that are held or have a budget; who is missing here is as `others`. */
  agents: ({ agent: string } & Standing)[];
  /** For agents that are not listed, and for those nobody has heard of yet. */
  others: Standing;
}

export interface Standing {
  /** `pause`: no further call passes. */
  directive: "continue" | "pause" | "stop";
  /** Why, in words for the person who reads the client's error; null when there is nothing to say. */
  reason: string | null;
  /** When the hold ends by itself, RFC 3339; null when a person has to end it. */
  until: string | null;
  /** A budget holds for it: a call is let through only once everything that ended before is counted. */
  budgeted: boolean;
}
