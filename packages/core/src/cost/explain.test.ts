import assert from "node:assert/strict";
import { test } from "node:test";
import { cyclesInTest, times } from "../testing/cycles-in-test.ts";
import { explainClosed, explainVerdict } from "./explain.ts";

for (const [what, cycles, said] of [
  ["one dear cycle", [...times(50, 200), 40_000], ["40,000 tokens", "200 × the usual 200", "at 2,000 tokens"]],
  ["ten of them", [...times(400, 1_500), ...times(9, 9_000)], ["8,250 tokens", "last 10", "5.5 × the usual 1,500"]],
  ["a drift", [...times(400, 1_500), ...times(34, 6_000)], ["4,560 tokens", "last 50", "3 × the usual 1,500"]],
  ["the cap", [300_000], ["300,000 tokens", "cap of 200,000"]],
  [
    "a spike",
    [...times(50, 200), 8_000, ...times(60, 200), 8_000],
    ["8,000 tokens", "40 × the usual 200", "up to 8,000"],
  ],
] as const) {
  test(`${what}: the words hold the numbers, and the numbers come beside them`, () => {
    const agent = cyclesInTest();
    agent.feed(...cycles);
    const verdict = agent.verdicts.at(-1)!;
    assert.notEqual(verdict.alarm, "none");
    const { title, text, numbers } = explainVerdict(verdict);
    for (const words of said) assert.ok(`${title} ${text}`.includes(words), `"${words}" in "${title} ${text}"`);
    assert.equal(numbers["last_tokens"], cycles.at(-1));
    assert.ok("cap_tokens" in numbers || ("baseline" in numbers && "threshold" in numbers && "ratio" in numbers));
  });
}

test("the end of an alarm is told in words", () => {
  const agent = cyclesInTest();
  agent.feed(...times(50, 200), 40_000, 200, 200, 200);
  const last = agent.verdicts.at(-1)!;
  assert.ok(last.closed);
  assert.deepEqual(explainClosed(last.closed), {
    title: "the possible loop is over: back to the usual cost",
    text: "It lasted 4 cycles. The last three were near the usual again (200 tokens a cycle).",
    numbers: { cycles: 4, baseline: 200 },
  });
});
