import { test } from "node:test";
import { assertSaid } from "../testing/said.ts";
import { judgeDatabase, type DatabaseFacts } from "./database.ts";

const mb = 2 ** 20;
const good: NonNullable<DatabaseFacts> = {
  file: "/d/midwatch.db",
  bytes: 20 * mb,
  logBytes: 30 * mb,
  freeBytes: 9_000 * mb,
  wholeness: { state: "whole" },
};

const table: readonly { claim: string; facts: DatabaseFacts; says: readonly RegExp[] }[] = [
  { claim: "a whole one is in order", facts: good, says: [] },
  { claim: "none yet", facts: null, says: [/unchecked: database/] },
  {
    claim: "a broken page",
    facts: { ...good, wholeness: { state: "broken", words: "row 4 missing from index" } },
    says: [/bad: the database is damaged/],
  },
  {
    claim: "one too large to be looked at in time",
    facts: { ...good, wholeness: { state: "unknown", because: "it took longer than 10 seconds" } },
    says: [/unchecked: whether the database is whole \(20 MB\)/],
  },
  {
    claim: "a log that nobody folds in",
    facts: { ...good, logBytes: 900 * mb },
    says: [/worth-knowing: .* log has grown to 900 MB/],
  },
  {
    claim: "no room for a copy",
    facts: { ...good, freeBytes: 10 * mb },
    says: [/worth-knowing: the database \(20 MB\) is larger/],
  },
];

for (const { claim, facts, says } of table) {
  test(`the database: ${claim}`, () => assertSaid(judgeDatabase(facts), says, claim));
}
