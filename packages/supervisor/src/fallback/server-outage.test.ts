import assert from "node:assert/strict";
import { test } from "node:test";
import { MINUTE } from "@midwatch/core";
import { simulatedClock } from "../testing/simulated-clock.ts";
import type { Notice } from "./notice.ts";
import { ServerOutage } from "./server-outage.ts";

function world() {
  const clock = simulatedClock();
  const told: Notice[] = [];
  const it = { clock, told, reachable: true };
  const outage = new ServerOutage({
    clock,
    now: clock.wall,
    host: "farm-2",
    isReachable: () => it.reachable,
    tell: (notice) => told.push(notice),
  });
  return Object.assign(it, {
    outage,
    lose: () => {
      it.reachable = false;
      outage.changed();
    },
    find: () => {
      it.reachable = true;
      outage.changed();
    },
  });
}

test("a server that is gone for five minutes is told of once, with what goes on meanwhile, and once more when it is back", async () => {
  const it = world();
  it.lose();
  await it.clock.pass(4 * MINUTE);
  it.outage.changed();
  assert.equal(it.told.length, 0);
  await it.clock.pass(20 * MINUTE);
  it.outage.changed();
  it.find();
  it.find();
  assert.deepEqual(
    it.told.map(({ what }) => what),
    ["opened", "resolved"],
  );
  const [opened, over] = it.told;
  assert.equal(opened?.title, "the Midwatch server has not been reachable from farm-2 since 00:00:00 UTC");
  assert.match(opened.text, /watched and restarted/);
  assert.match(over?.title ?? "", /again, after 24 min$/);
});

test("a restart of the server is no outage", async () => {
  const it = world();
  for (let restart = 0; restart < 5; restart += 1) {
    it.lose();
    await it.clock.pass(2 * MINUTE);
    it.find();
    await it.clock.pass(MINUTE);
  }
  assert.equal(it.told.length, 0);
});

test("every outage has keys of its own", async () => {
  const it = world();
  for (let time = 0; time < 2; time += 1) {
    it.lose();
    await it.clock.pass(10 * MINUTE);
    it.find();
  }
  assert.equal(new Set(it.told.map(({ id }) => id)).size, 4);
});
