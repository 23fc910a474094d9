import type { MeteredCall, Ms } from "@midwatch/core";
import type { ResourceRecords } from "@midwatch/protocol/otlp";
import type { TelemetryWrites } from "@midwatch/store";

/** Records whose sender is known and may speak for its agent. */
export interface OwnedRecords extends ResourceRecords {
  readonly agent: string;
}

/** What came of a request, collected: calls by agent, and what has to be written with them. */
export class CollectedBatch {
  readonly calls = new Map<string, MeteredCall[]>();
  readonly series: TelemetryWrites["series"][number][] = [];
  readonly hold: TelemetryWrites["hold"][number][] = [];
  readonly release: TelemetryWrites["release"][number][] = [];
  readonly #now: Ms;

  constructor(now: Ms) {
    this.#now = now;
  }

  add(agent: string, call: MeteredCall): void {
    const calls = this.calls.get(agent) ?? [];
    this.calls.set(agent, calls);
    calls.push({ ...call, at: believable(call.at, this.#now) });
  }

  get isEmpty(): boolean {
    return this.calls.size + this.series.length + this.hold.length + this.release.length === 0;
  }

  /** Each agent's calls in the order in which they ended. */
  inOrder(): ReadonlyMap<string, readonly MeteredCall[]> {
    for (const calls of this.calls.values()) calls.sort((a, b) => a.at - b.at);
    return this.calls;
  }
}

/** A collector may have kept telemetry for a while; what is older than this has no time, or a clock that stands. */
const oldestMs = 30 * 24 * 3_600_000;

/** The sender's time, unless it is in the future, missing or absurdly old. */
function believable(at: Ms, now: Ms): Ms {
  return at > now || at < now - oldestMs ? now : at;
}
