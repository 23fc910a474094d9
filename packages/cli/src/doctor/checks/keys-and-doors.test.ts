import { test } from "node:test";
import { assertSaid } from "../testing/said.ts";
import { judgeDoors, type DoorFacts } from "./keys-and-doors.ts";

const key = (mode: number): DoorFacts["secrets"][number] => ({ path: "/d/admin.key", what: "the admin key", mode });

const table: readonly { claim: string; facts: DoorFacts; says: readonly RegExp[] }[] = [
  { claim: "private files and loopback are in order", facts: { secrets: [key(0o600)], host: "127.0.0.1" }, says: [] },
  { claim: "localhost by name", facts: { secrets: [], host: "localhost" }, says: [] },
  {
    claim: "a key that all can read",
    facts: { secrets: [key(0o644)], host: "::1" },
    says: [/bad: others can read the admin key/],
  },
  {
    claim: "a key of a group",
    facts: { secrets: [key(0o640)], host: "::1" },
    says: [/bad: others can read the admin key/],
  },
  {
    claim: "everywhere",
    facts: { secrets: [], host: "0.0.0.0" },
    says: [/worth-knowing: .* from other machines \(0\.0\.0\.0\)/],
  },
];

for (const { claim, facts, says } of table) {
  test(`keys and doors: ${claim}`, () => assertSaid(judgeDoors(facts), says, claim));
}
