import assert from "node:assert/strict";
import { test } from "node:test";
import { dependentsOf, findCircle, stopOrder } from "./order.ts";

const fleet = [
  { name: "web", after: ["api"] },
  { name: "api", after: ["db", "cache"] },
  { name: "db", after: [] },
  { name: "cache", after: [] },
  { name: "alone", after: [] },
];

test("what comes after others is stopped before them", () => {
  const names = stopOrder(fleet).map((group) => group.map(({ name }) => name));
  assert.deepEqual(names, [["web", "alone"], ["api"], ["db", "cache"]]);
});

test("everything that comes after an agent follows it, nearest first", () => {
  assert.deepEqual(
    dependentsOf(fleet, "db").map(({ name }) => name),
    ["api", "web"],
  );
  assert.deepEqual(dependentsOf(fleet, "web"), []);
});

test("a circle is found and named, and stopped all the same", () => {
  const circle = [
    { name: "a", after: ["b"] },
    { name: "b", after: ["c"] },
    { name: "c", after: ["a"] },
  ];
  assert.equal(findCircle(fleet), null);
  assert.deepEqual(findCircle(circle), ["a", "b", "c", "a"]);
  assert.equal(stopOrder(circle).length, 1);
});
