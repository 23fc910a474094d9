/// <reference types="node" />
import assert from "node:assert/strict";
import { test } from "node:test";
import { describeStrip, missedBeats, stripCells } from "./strip-cells.ts";
import { after, sampleAgent, sampleBeat } from "./testing/sample.ts";

const kinds = (agent: Parameters<typeof stripCells>[0], due = 0, capacity = 40): string[] =>
  stripCells(agent, due, capacity).map((cell) => cell.kind);

test("beats in time make one cell each, also when they come a grace late", () => {
  const agent = sampleAgent({ recent: [sampleBeat(0), sampleBeat(60), sampleBeat(125.9)] });
  assert.deepEqual(kinds(agent), ["ok", "ok", "ok"]);
});

test("one missed beat shows as late, more as a gap of at most three cells", () => {
  const agent = sampleAgent({ recent: [sampleBeat(0), sampleBeat(125), sampleBeat(125 + 4_000)] });
  const cells = stripCells(agent, 0, 40);
  assert.deepEqual(
    cells.map((cell) => cell.kind),
    ["ok", "late", "ok", "gap", "gap", "gap", "ok"],
  );
  assert.equal(cells[3]?.text, "1 h 6 min without a beat");
});

test("what the agent said decides the cell, and ten times the baseline is dear", () => {
  const agent = sampleAgent({
    recent: [
      sampleBeat(0, { status: "starting", tokens: 0 }),
      sampleBeat(60, { status: "warning" }),
      sampleBeat(120, { tokens: 40_000, cycle_ms: 5_300 }),
      sampleBeat(180, { status: "error", tokens: 40_000, message: "no route" }),
      sampleBeat(240, { tokens: 40_000, baseline: null }),
    ],
  });
  assert.deepEqual(kinds(agent), ["phase", "warning", "dear", "error", "ok"]);
  assert.equal(stripCells(agent, 0, 40)[2]?.text, "ok · 40,000 tokens · 5 s");
  assert.equal(stripCells(agent, 0, 40)[3]?.text, "error · 40,000 tokens · no route");
});

test("the strip grows on while the agent is overdue, and keeps to its width", () => {
  const agent = sampleAgent({ recent: Array.from({ length: 40 }, (_, i) => sampleBeat(i * 60)) });
  const cells = kinds(agent, 500);
  assert.equal(cells.length, 40);
  assert.deepEqual(cells.slice(-9), ["ok", ...Array.from({ length: 8 }, () => "due")]);
});

test("beats are counted as missed only after the grace", () => {
  const agent = sampleAgent({ last_beat_at: after(0), next_beat_by: after(60) });
  assert.equal(missedBeats(agent, Date.parse(after(65.9))), 0);
  assert.equal(missedBeats(agent, Date.parse(after(66))), 1);
  assert.equal(missedBeats(agent, Date.parse(after(126))), 2);
});

test("nothing is missed of an agent that is stopped, paused or out of sight", () => {
  for (const state of ["stopped", "paused", "unknown", "stopping", "new"] as const) {
    assert.equal(missedBeats(sampleAgent({ state }), Date.parse(after(9_000))), 0);
  }
});

test("the beats of a process that has ended are missed too, though the server waits for none", () => {
  const dead = sampleAgent({ state: "down", next_beat_by: null, missed: 0 });
  assert.equal(missedBeats(dead, Date.parse(after(60))), 0);
  assert.equal(missedBeats(dead, Date.parse(after(190))), 3);
});

test("where no beat is awaited, what the server counted stands", () => {
  assert.equal(missedBeats(sampleAgent({ next_beat_by: null, missed: 1 }), Date.parse(after(9_000))), 1);
  assert.equal(missedBeats(sampleAgent({ last_beat_at: null, missed: 4 }), Date.parse(after(9_000))), 4);
});

test("the strip reads out its beats, gaps and errors", () => {
  const agent = sampleAgent({
    recent: [sampleBeat(0), sampleBeat(400), sampleBeat(460, { status: "error" }), sampleBeat(520)],
  });
  assert.equal(describeStrip(stripCells(agent, 2, 40)), "last 4 beats, 1 gap, 1 error, 2 beats missed until now");
  assert.equal(describeStrip([]), "no beats yet");
});
