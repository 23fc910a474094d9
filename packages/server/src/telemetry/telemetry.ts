// The receiver of OpenTelemetry. A request is decoded, its agents are found, its records become calls, and the calls go to the meter
// together with what has to be remembered; it is answered when that is durable.

import { SECOND, type DurationMs } from "@midwatch/core";
import {
  decodeTelemetry,
  logMeaning,
  type OtlpEncoding,
  type ResourceRecords,
  type Signal,
} from "@midwatch/protocol/otlp";
import type { Store } from "@midwatch/store";
import type { Clock } from "../clock.ts";
import { ApiError } from "../errors.ts";
import type { Caller } from "../keys/key-ring.ts";
import type { Log } from "../log.ts";
import type { UsageMeter } from "../metering/usage-meter.ts";
import { storeAdvice } from "../store-trouble.ts";
import { CollectedBatch, type OwnedRecords } from "./batch.ts";
import { takeMetrics } from "./metric-intake.ts";
import { Notes } from "./notes.ts";
import { TelemetryQueue } from "./queue.ts";
import { SpanIntake } from "./span-intake.ts";
import { SpanTrees } from "./span-trees.ts";
import { maxUnpackedBytes, unpack, type Compression } from "./unpack.ts";
import { whoseTelemetry } from "./whose.ts";

const turnMs: DurationMs = 5 * SECOND;
const maxPromoted = 500;

export interface TelemetryRequest {
  readonly signal: Signal;
  readonly encoding: OtlpEncoding;
  readonly compression: Compression;
  readonly body: Buffer;
  /** The agent that the path names. */
  readonly agent: string | null;
  readonly caller: Caller;
}

/** Null when everything was taken. */
export type Refused = { readonly records: number; readonly message: string } | null;

export interface Telemetry {
  /** Resolves when what it took is durable. Rejects with `ApiError` or `StoreError`, and then nothing of it is stored. */
  receive(request: TelemetryRequest): Promise<Refused>;
  /** Counts what was held long enough; every few seconds by itself. */
  turn(): Promise<void>;
  start(): void;
  /** Ends what is under way. */
  stop(): Promise<void>;
}

export interface TelemetryDeps {
  readonly store: Pick<Store, "series" | "heldCalls" | "dueHeldCalls" | "countedTraces" | "agent">;
  readonly meter: UsageMeter;
  readonly clock: Clock;
  readonly log: Pick<Log, "info" | "warn" | "error">;
  /** Why telemetry of an agent is not taken, in words, or null: an unknown one on a strict server, or one too many. */
  readonly refusalOf: (agent: string) => string | null;
}

export function createTelemetry(deps: TelemetryDeps): Telemetry {
  const { store, meter, clock, log } = deps;
  const notes = new Notes(log);
  const trees = new SpanTrees(() => clock.monotonic());
  const spans = new SpanIntake({ trees, store, notes });
  const queue = new TelemetryQueue();
  let timer: NodeJS.Timeout | null = null;
  let stopped = false;
  let failing = false;

  async function record(batch: CollectedBatch): Promise<void> {
    if (batch.isEmpty) return;
    const { series, hold, release } = batch;
    await meter.record({ calls: batch.inOrder(), telemetry: { series, hold, release } });
  }

  async function take(request: TelemetryRequest): Promise<Refused> {
    const body = await unpack(request.body, request.compression);
    if (body.length > maxUnpackedBytes) throw new ApiError(413, "too_large", "the body is too large");
    const decoded = decodeTelemetry(request.signal, request.encoding, body);
    if (!decoded.ok) throw new ApiError(400, "bad_telemetry", decoded.message);
    const { owned, refused } = ownersOf(decoded.resources, request, deps);
    const now = clock.now();
    const batch = new CollectedBatch(now);
    await spans.take(owned, now, batch);
    await takeMetrics(owned, now, store, batch);
    takeLogs(owned, batch);
    await record(batch);
    const all = withRest(refused, decoded.beyondLimit);
    if (all !== null) notes.refused(all.message);
    return all;
  }

  async function promote(): Promise<void> {
    for (let more = true; more;) {
      const now = clock.now();
      const batch = new CollectedBatch(now);
      more = await spans.promote(now, maxPromoted, batch);
      await record(batch);
    }
  }

  async function turn(): Promise<void> {
    try {
      await queue.run(0, promote);
      if (failing) log.info({}, "held telemetry is counted again");
      failing = false;
    } catch (error) {
      if (!failing) log.error({ err: error }, `held telemetry cannot be counted: ${storeAdvice(error)}; trying again`);
      failing = true;
    }
  }

  function schedule(): void {
    if (!stopped) timer = setTimeout(() => void turn().then(schedule), turnMs).unref();
  }

  return {
    // A full queue rejects like everything else.
    receive: (request) => Promise.try(() => queue.run(request.body.length, () => take(request))),
    turn,
    start: () => {
      if (timer === null) schedule();
    },
    stop: async () => {
      stopped = true;
      if (timer !== null) clearTimeout(timer);
      await queue.drained();
    },
  };
}

function takeLogs(records: readonly OwnedRecords[], into: CollectedBatch): void {
  for (const { agent, resource, logs } of records) {
    for (const log of logs) {
      const call = logMeaning(log, resource);
      if (call) into.add(agent, call);
    }
  }
}

function ownersOf(
  resources: readonly ResourceRecords[],
  { agent: path, caller }: TelemetryRequest,
  { refusalOf }: TelemetryDeps,
): { readonly owned: readonly OwnedRecords[]; readonly refused: Refused } {
  const owned: OwnedRecords[] = [];
  let refused = null as Refused;
  for (const records of resources) {
    const count = records.spans.length + records.logs.length + records.points.length;
    const whose = whoseTelemetry(records.resource, { path, caller });
    const refusal = whose.ok ? refusalOf(whose.agent) : whose.message;
    if (whose.ok && refusal === null) owned.push({ ...records, agent: whose.agent });
    else if (count > 0)
      refused = { records: (refused?.records ?? 0) + count, message: refused?.message ?? refusal ?? "" };
  }
  return { owned, refused };
}

function withRest(refused: Refused, beyondLimit: number): Refused {
  if (beyondLimit === 0) return refused;
  const message = `${beyondLimit} records were more than one request may hold; export smaller batches`;
  return {
    records: (refused?.records ?? 0) + beyondLimit,
    message: refused ? `${refused.message}; ${message}` : message,
  };
}
