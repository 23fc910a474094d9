import assert from "node:assert/strict";
import { test } from "node:test";
import { assertSaid } from "../testing/said.ts";
import { judgePaces, type PacesFacts } from "./agent-pace.ts";

const minute = 60_000;
const gaps = (count: number, ms: number): number[] => Array.from({ length: count }, () => ms);
const facts = (gapsMs: readonly number[]): PacesFacts => [{ name: "bot", intervalMs: minute, gapsMs }];

const table: readonly { claim: string; facts: PacesFacts; says: readonly RegExp[] }[] = [
  { claim: "a loop inside its interval is in order", facts: facts(gaps(100, 55_000)), says: [] },
  { claim: "inside the grace", facts: facts(gaps(100, 65_000)), says: [] },
  { claim: "an outage now and then is no pace", facts: facts([...gaps(95, 55_000), ...gaps(5, 3_600_000)]), says: [] },
  { claim: "too few to tell", facts: facts(gaps(10, 5 * minute)), says: [] },
  {
    claim: "every fifth is late",
    facts: facts([...gaps(80, 55_000), ...gaps(20, 2 * minute)]),
    says: [/worth-knowing: bot promises a beat every 1 min, and its loop takes longer/],
  },
  { claim: "most are late", facts: facts(gaps(50, 3 * minute)), says: [/bad: bot promises a beat/] },
  { claim: "no server", facts: null, says: [/unchecked: intervals/] },
];

for (const { claim, facts: given, says } of table) {
  test(`an interval: ${claim}`, () => assertSaid(judgePaces(given), says, claim));
}

test("the interval that is proposed would have been kept", () => {
  const gapsMs = [...gaps(80, 55_000), ...gaps(20, 2 * minute)];
  const [remark] = judgePaces(facts(gapsMs));
  assert.ok(remark?.kind === "finding");
  const proposed = Number(/interval: (\d+)s/.exec(remark.fix)?.[1]) * 1_000;
  assert.deepEqual(judgePaces([{ name: "bot", intervalMs: proposed, gapsMs }]), []);
});
