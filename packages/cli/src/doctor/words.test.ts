import assert from "node:assert/strict";
import { test } from "node:test";
import { stripVTControlCharacters } from "node:util";
import type { Finding } from "./remark.ts";
import { diagnosisText, verdict } from "./words.ts";

const finding: Finding = {
  check: "clock",
  severity: "bad",
  title: `something with a long title that does not fit into one line of a terminal, and goes on${" and on".repeat(5)}`,
  why: "It matters. ".repeat(20).trim(),
  fix: "Do this:\n  a line that is typed as it stands, however long it is, because it is copied from here into a shell && more\nThen that.",
};

test("nothing is wider than 80 columns but what is to be typed, and that stays whole", () => {
  const text = stripVTControlCharacters(
    diagnosisText({ findings: [finding], checked: Array.from({ length: 20 }, () => "a check"), unchecked: [] }, 200),
  );
  const wide = text.split("\n").filter((line) => line.length > 80);
  assert.deepEqual(wide, [`  ${finding.fix.split("\n")[1] ?? ""}`]);
  assert.match(text, /^bad: something with/m);
});

test("text from elsewhere does not move the cursor", () => {
  const nasty: Finding = { ...finding, title: "\u001b[2Jgone\u202e", why: "a\u0007b", fix: "c" };
  const text = stripVTControlCharacters(diagnosisText({ findings: [nasty], checked: [], unchecked: [] }));
  assert.doesNotMatch(text, /[\u0000-\u0009\u000b-\u001f\u202e]/);
});

test("the verdict counts what is bad and what is worth knowing", () => {
  const known: Finding = { ...finding, severity: "worth-knowing" };
  assert.equal(verdict([]), "All is well, as far as this can see.");
  assert.equal(verdict([finding]), "1 thing is bad.");
  assert.equal(verdict([finding, finding, known]), "2 things are bad, and 1 is worth knowing.");
  assert.equal(verdict([known, known]), "Nothing is bad. 2 things are worth knowing.");
  assert.equal(verdict([finding, known, known]), "1 thing is bad, and 2 are worth knowing.");
});
