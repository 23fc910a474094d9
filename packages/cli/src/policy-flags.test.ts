import assert from "node:assert/strict";
import { test } from "node:test";
import { Command } from "commander";
import { withLimits } from "./config/cost-config.ts";
import { policyOf, withPolicy, type GivenPolicy } from "./policy-flags.ts";

/** As `midwatch run` understands these flags; throws what it would print. */
function given(...flags: readonly string[]): GivenPolicy {
  const command = withPolicy(new Command())
    .exitOverride()
    .configureOutput({ writeErr: () => undefined });
  return policyOf(command.parse(flags, { from: "user" }).opts());
}

test("a budget is given as names and numbers, and changes single limits of the one in the file", () => {
  const { budget = {} } = given("--budget", "usd_per_day=5, tokens_per_cycle=200000");
  assert.deepEqual(budget, { usd_per_day: 5_000_000, tokens_per_cycle: 200_000 });
  assert.deepEqual(withLimits({ usd_per_day: 9, usd_per_month: 7 }, budget), { ...budget, usd_per_month: 7 });
});

test("what a possible loop does, the shadow and what is stuck are flags, too", () => {
  assert.deepEqual(given("--on-runaway", "pause", "--detector", "shadow", "--stuck-cycles", "20"), {
    onRunaway: "pause",
    detector: "shadow",
    stuckCycles: 20,
  });
  assert.deepEqual(given(), {});
});

for (const [flags, said] of [
  [["--budget", "usd_per_week=5"], /usd_per_week=5.*there are tokens_per_cycle, usd_per_cycle/],
  [["--budget", "usd_per_day"], /like usd_per_day=5/],
  [["--budget", "usd_per_day=0"], /It must be an amount in US dollars, more than 0/],
  [["--budget", "usd_per_day=cheap"], /It must be an amount in US dollars/],
  [["--budget", "tokens_per_day=1.5"], /It must be a whole number/],
  [["--on-runaway", "stop"], /It must be one of page, pause/],
  [["--stuck-cycles", "0"], /It must be a whole number from 1/],
] as const) {
  test(`${flags.join(" ")} is refused with what would be right`, () => assert.throws(() => given(...flags), said));
}
