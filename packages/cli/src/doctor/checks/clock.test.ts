import { test } from "node:test";
import { assertSaid } from "../testing/said.ts";
import { judgeClock, type ClockFacts } from "./clock.ts";

const now = Date.UTC(2027, 2, 1);
const good: ClockFacts = { now, jumpMs: 3, serverAheadMs: -400, newestFileAt: now - 5_000, synchronised: true };

const table: readonly { claim: string; facts: ClockFacts; says: readonly RegExp[] }[] = [
  { claim: "one that is synchronised and agrees is in order", facts: good, says: [] },
  { claim: "no server and no files", facts: { ...good, serverAheadMs: null, newestFileAt: null }, says: [] },
  {
    claim: "1970",
    facts: { ...good, now: 1_000, newestFileAt: null },
    says: [/bad: the clock .* is wrong: it says 1970/],
  },
  { claim: "a jump back", facts: { ...good, jumpMs: -3_600_000 }, says: [/bad: the clock jumped by 1 h/] },
  { claim: "a server ahead", facts: { ...good, serverAheadMs: 90_000 }, says: [/bad: .* differ by 1 min 30 s/] },
  {
    claim: "files from the future",
    facts: { ...good, newestFileAt: now + 7_200_000 },
    says: [/bad: .* written 2 h in the future/],
  },
  {
    claim: "not synchronised",
    facts: { ...good, synchronised: false },
    says: [/worth-knowing: the clock is not synchronised/],
  },
  { claim: "nobody tells", facts: { ...good, synchronised: null }, says: [/unchecked: NTP/] },
];

for (const { claim, facts, says } of table) {
  test(`the clock: ${claim}`, () => assertSaid(judgeClock(facts), says, claim));
}
