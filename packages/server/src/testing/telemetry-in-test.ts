import { join } from "node:path";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { openSqliteStore, type Store } from "@midwatch/store";
import type { Signal } from "@midwatch/protocol/otlp";
import type { Caller } from "../keys/key-ring.ts";
import { createTelemetry, type Refused, type Telemetry } from "../telemetry/telemetry.ts";
import { createRecordingMeter, type RecordingMeter } from "./recording-meter.ts";
import { createTestClock, type TestClock } from "./test-clock.ts";

const anybody: Caller = { name: "test", scope: "ingest", agentGlob: null, cookie: false };

/** The receiver with a real store and a meter that records, without HTTP. */
export interface TelemetryInTest extends AsyncDisposable {
  readonly meter: RecordingMeter;
  readonly clock: TestClock;
  readonly store: Store;
  readonly logged: readonly string[];
  telemetry: Telemetry;
  /** Sends a request as JSON for the agent "bot". */
  send(signal: Signal, json: unknown): Promise<Refused>;
  /** The receiver forgets what it had in memory. */
  restart(): void;
}

export async function openTelemetry(): Promise<TelemetryInTest> {
  const folder = await mkdtemp(join(tmpdir(), "midwatch-telemetry-"));
  const store = await openSqliteStore({ file: join(folder, "midwatch.db") });
  // A minute after the messages of `otlp-messages.ts` were sent.
  const clock = createTestClock("2026-11-24T03:01:00Z");
  const meter = createRecordingMeter(() => store);
  const logged: string[] = [];
  const note = (_facts: object, text: string): void => void logged.push(text);
  const create = (): Telemetry =>
    createTelemetry({ store, meter, clock, log: { info: note, warn: note, error: note }, refusalOf: () => null });
  const scene: TelemetryInTest = {
    meter,
    clock,
    store,
    logged,
    telemetry: create(),
    send: (signal, json) =>
      scene.telemetry.receive({
        signal,
        encoding: "json",
        compression: "none",
        body: Buffer.from(JSON.stringify(json)),
        agent: "bot",
        caller: anybody,
      }),
    restart: () => {
      scene.telemetry = create();
    },
    [Symbol.asyncDispose]: async () => {
      await scene.telemetry.stop();
      await store.close();
      await rm(folder, { recursive: true, force: true });
    },
  };
  return scene;
}
