/// <reference types="node" />
import assert from "node:assert/strict";
import { test } from "node:test";
import type { StreamMessage } from "./api-types.ts";
import { applyMessages, fleetOf, maxAgents, maxRecentBeats, mergeBeats } from "./fleet.ts";
import { after, sampleAgent, sampleBeat } from "./testing/sample.ts";

const agentMessage = (over: Parameters<typeof sampleAgent>[0]): StreamMessage => ({
  event: "agent",
  data: sampleAgent(over),
});

test("an agent's message replaces its facts and adds its beats", () => {
  const fleet = fleetOf([sampleAgent({ recent: [sampleBeat(0)] })], new Map());
  const next = applyMessages(fleet, [agentMessage({ state: "late", recent: [sampleBeat(60)] })]);
  assert.equal(next.get("my-agent")?.state, "late");
  assert.deepEqual(
    next.get("my-agent")?.recent?.map((beat) => beat.at),
    [after(0), after(60)],
  );
});

test("beats repeated after a reconnect are not shown twice", () => {
  const beats = [sampleBeat(0), sampleBeat(60)];
  assert.equal(mergeBeats(beats, [sampleBeat(0), sampleBeat(60)]), beats);
  assert.equal(mergeBeats(beats, [sampleBeat(60), sampleBeat(120)]).length, 3);
});

test("a beat delivered late from a spool takes its place in time", () => {
  const merged = mergeBeats([sampleBeat(0), sampleBeat(120)], [sampleBeat(60)]);
  assert.deepEqual(
    merged.map((beat) => beat.at),
    [after(0), after(60), after(120)],
  );
});

test("beats per agent stay bounded however long the page is left open", () => {
  let fleet = fleetOf([sampleAgent()], new Map());
  for (let i = 0; i < 5 * maxRecentBeats; i += 1) {
    fleet = applyMessages(fleet, [agentMessage({ recent: [sampleBeat(i)] })]);
  }
  assert.equal(fleet.get("my-agent")?.recent?.length, maxRecentBeats);
  assert.equal(fleet.get("my-agent")?.recent?.at(-1)?.at, after(5 * maxRecentBeats - 1));
});

test("agents stay bounded too, and those already shown go on being updated", () => {
  const many = Array.from({ length: maxAgents }, (_, i) => sampleAgent({ name: `bot-${i}` }));
  const full = fleetOf(many, new Map());
  const next = applyMessages(full, [
    agentMessage({ name: "one-more" }),
    agentMessage({ name: "bot-7", state: "down" }),
  ]);
  assert.equal(next.size, maxAgents);
  assert.equal(next.has("one-more"), false);
  assert.equal(next.get("bot-7")?.state, "down");
});

test("a forgotten agent leaves the page", () => {
  const fleet = fleetOf([sampleAgent()], new Map());
  assert.equal(applyMessages(fleet, [{ event: "agent-forgotten", data: { name: "my-agent" } }]).size, 0);
});

test("messages about other things leave the very same fleet", () => {
  const fleet = fleetOf([sampleAgent()], new Map());
  assert.equal(applyMessages(fleet, [{ event: "hello", data: { now: after(0), version: "0.1.0" } }]), fleet);
});

test("a reload keeps the beats when the list came without them, and drops agents that are gone", () => {
  const before = fleetOf([sampleAgent({ recent: [sampleBeat(0)] }), sampleAgent({ name: "gone" })], new Map());
  const bare = sampleAgent();
  delete (bare as { recent?: unknown }).recent;
  const next = fleetOf([bare], before);
  assert.equal(next.get("my-agent")?.recent?.length, 1);
  assert.equal(next.has("gone"), false);
});
