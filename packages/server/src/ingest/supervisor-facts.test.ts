import assert from "node:assert/strict";
import { test } from "node:test";
import { defaultSettings } from "@midwatch/core";
import type { SupervisedSettings } from "@midwatch/protocol";
import { settingsMerger } from "../settings.ts";
import { patchOfSupervised } from "./supervisor-facts.ts";

const older: SupervisedSettings = {
  interval_ms: null,
  missed_limit: 2,
  startup_ms: 120_000,
  liveness: "beats",
  max_restarts: 3,
  cooldown_ms: 300_000,
  tags: [],
};

/** In force at a server whose own file has these defaults. */
const defaults = {
  ...defaultSettings,
  budget: { usd_per_day: 9_000_000 },
  onRunaway: "pause",
  stuckCycles: 7,
} as const;

function inForce(settings: SupervisedSettings) {
  const supervisor = patchOfSupervised(settings);
  const { budget, onRunaway, detector, stuckCycles } = settingsMerger(defaults)({ operator: {}, supervisor, tags: [] });
  return { budget, onRunaway, detector, stuckCycles };
}

test("what a supervisor says of an agent's budget holds at the server, in micro-dollars", () => {
  const said = { budget: { usd_per_day: 0.5 }, on_runaway: "page", detector: "shadow", stuck_cycles: 20 } as const;
  assert.deepEqual(inForce({ ...older, ...said }), {
    budget: { usd_per_day: 500_000 },
    onRunaway: "page",
    detector: "shadow",
    stuckCycles: 20,
  });
});

test("a budget that was taken away there does not come back from the server's defaults", () => {
  const { budget, stuckCycles } = inForce({ ...older, budget: {}, stuck_cycles: null });
  assert.deepEqual([budget, stuckCycles], [{}, null]);
});

test("of an agent whose supervisor does not speak of budgets the server's defaults hold", () => {
  const { budget, onRunaway, stuckCycles } = defaults;
  assert.deepEqual(inForce(older), { budget, onRunaway, detector: "on", stuckCycles });
});
