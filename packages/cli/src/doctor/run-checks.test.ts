import assert from "node:assert/strict";
import { test } from "node:test";
import { check } from "./check.ts";
import { bad, seen, unchecked, worthKnowing } from "./remark.ts";
import { runChecks } from "./run-checks.ts";
import type { World } from "./world.ts";

const world = {} as World;
const words = { why: "because", fix: "so" };

test("what is bad comes first, and a check that fails keeps nobody up", async () => {
  const diagnosis = await runChecks(
    [
      check({ name: "one", probe: () => 1, judge: () => [worthKnowing({ title: "a", ...words })] }),
      check({ name: "two", probe: () => Promise.reject(new Error("EACCES")), judge: () => [] }),
      check({ name: "three", probe: () => 3, judge: () => [seen("3 MB"), bad({ title: "b", ...words })] }),
      check({ name: "four", probe: () => 4, judge: () => [unchecked("four", "it is not here")] }),
      check({ name: "five", probe: () => 5, judge: () => [unchecked("a part of it", "nobody tells")] }),
    ],
    world,
  );
  assert.deepEqual(
    diagnosis.findings.map(({ check: name, severity }) => `${name} ${severity}`),
    ["three bad", "one worth-knowing"],
  );
  assert.deepEqual(diagnosis.checked, ["one", "three (3 MB)", "five"]);
  assert.deepEqual(diagnosis.unchecked, [
    { what: "two", because: "EACCES" },
    { what: "four", because: "it is not here" },
    { what: "a part of it", because: "nobody tells" },
  ]);
});
