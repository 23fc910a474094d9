import assert from "node:assert/strict";
import { test } from "node:test";
import { matchesGlob } from "./glob.ts";

const cases: readonly (readonly [glob: string, name: string, fits: boolean])[] = [
  ["research-bot", "research-bot", true],
  ["research-bot", "research-bot-2", false],
  ["*", "anything", true],
  ["team-a/*", "team-a/one", true],
  ["team-a/*", "team-b/one", false],
  ["*-bot", "my-bot", true],
  ["a*b*c", "a-b-c", true],
  ["a*b*c", "a-c", false],
  ["ab*ba", "aba", false],
  ["a*.b", "a.b", true],
  ["a?", "ab", false],
];

for (const [glob, name, fits] of cases) {
  test(`a key for ${glob} ${fits ? "may" : "may not"} speak for ${name}`, () => {
    assert.equal(matchesGlob(glob, name), fits);
  });
}
