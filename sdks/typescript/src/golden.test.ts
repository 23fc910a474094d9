import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { test } from "node:test";
import type { Cycle } from "./cycle.ts";
import { Midwatch, type BeatFields, type CyclesOptions } from "./midwatch.ts";
import { mourners } from "./last-words.ts";
import { HeldClock } from "./testing/held-clock.ts";
import { StubServer, type Behaviour } from "./testing/stub-server.ts";
import { usageRow } from "./usage-shapes.ts";

type TurnCall = Partial<{
  tokens: number;
  usage: unknown;
  message: string;
  progress: string;
  kind: string;
  tool: [string, unknown];
  error: string;
  lease: [number, string];
  shutdown: string;
  stopped: string | null;
}>;

type Call =
  | "break"
  | "ended"
  | { cycles: CyclesOptions }
  | { turn: TurnCall[] }
  | { beat: BeatFields }
  | { heartbeat: BeatFields & { agent: string } }
  | { server: Behaviour }
  | { server_once: Behaviour };

interface Scenario {
  name: string;
  options: { agent?: string; interval?: string };
  calls: Call[];
  expect: Record<string, unknown>[];
}

function golden(file: string): unknown {
  return JSON.parse(readFileSync(new URL(`../../../packages/protocol/golden/${file}`, import.meta.url), "utf8"));
}

async function playTurn(watch: Midwatch, cycle: Cycle, calls: TurnCall[]): Promise<void> {
  for (const call of calls) {
    if (call.tokens !== undefined) cycle.tokens(call.tokens);
    if (call.usage !== undefined) cycle.usage(call.usage);
    if (call.message !== undefined) cycle.message(call.message);
    if (call.progress !== undefined) cycle.progress(call.progress);
    if (call.kind !== undefined) cycle.kind(call.kind);
    if (call.tool !== undefined) cycle.tool(...call.tool);
    if (call.error !== undefined) cycle.error(call.error);
    if (call.lease !== undefined) await cycle.lease(...call.lease);
    if (call.shutdown !== undefined) await watch.shutdown(call.shutdown);
    if (call.stopped !== undefined) await watch.stopped(call.stopped ?? undefined);
  }
}

function isOver(turn: IteratorResult<Cycle, void> | null): boolean {
  return turn?.done === true;
}

async function play(scenario: Scenario, stub: StubServer): Promise<void> {
  const agent = scenario.options.agent ?? "my-agent";
  // The wait for answers is real; ample here, so that a busy machine changes no outcome.
  const clock = new HeldClock();
  const options = { ...scenario.options, agent, url: stub.url, key: "mw_test", patience: "30s" };
  const watch = new Midwatch(options, clock);
  let turns: AsyncGenerator<Cycle, void> | null = null;
  let turn: IteratorResult<Cycle, void> | null = null;
  for (const call of scenario.calls) {
    if (call === "break") {
      await turns?.return();
      for (const mourner of mourners) mourner.sayLastWords(null);
    } else if (call === "ended") assert.ok(isOver(turn), "the iterator ended by itself");
    else if ("cycles" in call) {
      turns = watch.cycles(call.cycles);
      turn = await turns.next();
    } else if ("turn" in call) {
      assert.ok(turns !== null && turn !== null && turn.done !== true, "a turn comes");
      await playTurn(watch, turn.value, call.turn);
      // Long enough that the wait for an answer is bounded by the patience alone.
      clock.nowMs += 1e9;
      turn = await turns.next();
    } else if ("beat" in call) await watch.beat(call.beat);
    else if ("heartbeat" in call) await watch.beat(call.heartbeat);
    else if ("server" in call) stub.behaviour = call.server;
    else stub.script.push(call.server_once);
  }
  assert.ok(await watch.flush("30s"), "everything was delivered");
}

for (const scenario of golden("sdk.json") as Scenario[]) {
  test(`golden: ${scenario.name}`, async (t) => {
    const stub = await StubServer.listen();
    t.after(() => stub.close());
    await play(scenario, stub);
    const seen = stub.kept.map(({ run_id, instance, seq, ts, cycle_ms, metrics, ...facts }) => {
      assert.ok(run_id !== "" && instance !== "" && seq > 0 && ts > 0 && typeof metrics !== "string");
      return cycle_ms === undefined ? facts : { ...facts, closes_cycle: true };
    });
    assert.deepEqual(seen, scenario.expect);
    assert.deepEqual(
      stub.kept.map((beat) => beat.seq),
      stub.kept.map((_, index) => index + 1),
    );
    assert.equal(new Set(stub.kept.map((beat) => `${beat.run_id} ${beat.instance}`)).size, 1);
  });
}

for (const shape of golden("usage-shapes.json") as { name: string; usage: unknown; row: unknown }[]) {
  test(`golden: usage of ${shape.name}`, () => {
    assert.deepEqual(usageRow(shape.usage), shape.row);
  });
}
