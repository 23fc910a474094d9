/// <reference types="node" />
import assert from "node:assert/strict";
import { test } from "node:test";
import { notesOf } from "./notes.ts";
import { after, sampleAgent, sampleIncident } from "./testing/sample.ts";

const said = (over: Parameters<typeof sampleAgent>[0]): string[] =>
  notesOf(sampleAgent(over)).map((note) => `${note.tone}: ${note.text}${note.at ? " TIME" : ""}${note.tail}`);

test("an agent that is simply up has no second line", () => {
  assert.deepEqual(said({}), []);
  assert.deepEqual(
    said({ recovery: { phase: "healthy", attempt: 0, of: 3, next_attempt_at: null, reason: null } }),
    [],
  );
});

test("open incidents come first, the worst before the rest", () => {
  const incidents = [
    sampleIncident({ severity: "info", title: "Spike" }),
    sampleIncident({ severity: "page", title: "Possible loop", acknowledged: true }),
  ];
  assert.deepEqual(said({ incidents }), ["page: Possible loop TIME, acknowledged", "info: Spike TIME"]);
});

test("a cooldown says until when, and which restart follows", () => {
  const recovery = { phase: "cooldown", attempt: 1, of: 3, next_attempt_at: after(300), reason: null } as const;
  assert.deepEqual(said({ recovery }), ["warn: cooldown until TIME, then restart 2 of 3"]);
});

test("exhausted restarts ask for a human", () => {
  const recovery = { phase: "exhausted", attempt: 3, of: 3, next_attempt_at: null, reason: null } as const;
  assert.deepEqual(said({ recovery }), ["page: needs a human: no automatic restarts left after 3 of 3"]);
});

test("waits, holds and weaker signals are named", () => {
  assert.deepEqual(
    said({
      lease: { until: after(600), reason: "long tool call" },
      paused: { by: "budget", reason: "5 USD a day are spent", until: null },
      supervisor: { id: "s1", lost: true },
      liveness: "process",
      clock_skew_s: -42.4,
    }),
    [
      "info: paused by budget: 5 USD a day are spent",
      "info: asked for quiet until TIME: long tool call",
      "warn: its supervisor is not heard from",
      "info: watched by its process only, which proves less than beats",
      "info: its clock is 42 s behind",
    ],
  );
});

test("an incident that asks for a human is not said twice", () => {
  const recovery = { phase: "exhausted", attempt: 3, of: 3, next_attempt_at: null, reason: null } as const;
  const incidents = [sampleIncident({ kind: "needs-human", title: "needs you" })];
  assert.deepEqual(said({ recovery, incidents }), ["page: needs you TIME"]);
});

test("a pause whose reason names who asked for it does not name them twice", () => {
  assert.deepEqual(said({ paused: { by: "dashboard", reason: "paused by dashboard", until: null } }), [
    "info: paused by dashboard",
  ]);
});

test("a pause that ends by itself says so", () => {
  const paused = { by: "budget", reason: "paused: its budget of $5 a day is spent: $5.02", until: after(600) };
  assert.deepEqual(said({ paused }), [
    "info: paused: its budget of $5 a day is spent: $5.02; it goes on by itself when the period ends, or when the cap is raised",
  ]);
});
