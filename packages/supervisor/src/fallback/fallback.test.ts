import assert from "node:assert/strict";
import { setImmediate as turn } from "node:timers/promises";
import { test } from "node:test";
import { simulatedClock } from "../testing/simulated-clock.ts";
import { Fallback } from "./fallback.ts";
import type { Notice } from "./notice.ts";

function notice(id: string, fact: number | null = null): Notice {
  return {
    id,
    agent: "bot",
    what: "opened",
    kind: "hung",
    severity: "page",
    at: 0,
    title: "hung",
    text: "It hangs.",
    fact,
  };
}

interface World {
  readonly fallback: Fallback;
  readonly clock: ReturnType<typeof simulatedClock>;
  readonly delivered: string[];
  readonly done: string[];
  readonly log: string[];
  stored: number;
  reachable: boolean;
  failing: boolean;
}

function world(): World {
  const clock = simulatedClock();
  const it = {
    clock,
    delivered: [],
    done: [],
    log: [],
    stored: 0,
    reachable: true,
    failing: false,
  } as unknown as World;
  const fallback = new Fallback({
    clock,
    notifier: {
      notify: ({ id }) => {
        if (it.failing) return Promise.reject(new Error("no way out"));
        it.delivered.push(id);
        return Promise.resolve();
      },
    },
    serverHas: (fact) => it.stored >= fact,
    serverReachable: () => it.reachable,
    onDone: ({ id }) => it.done.push(id),
    log: (line) => it.log.push(line),
  });
  return Object.assign(it, { fallback });
}

test("what the server has stored in time is the server's to tell", async () => {
  const it = world();
  it.fallback.add(notice("a", 3));
  await it.clock.pass(5_000);
  it.stored = 3;
  it.fallback.serverChanged();
  await it.clock.pass(60_000);
  assert.deepEqual([it.delivered, it.done], [[], ["a"]]);
});

test("what a reachable server does not take over within ten seconds is told here, once", async () => {
  const it = world();
  it.fallback.add(notice("a", 3));
  it.fallback.add(notice("a", 3));
  await it.clock.pass(9_000);
  assert.deepEqual(it.delivered, []);
  await it.clock.pass(60_000);
  assert.deepEqual([it.delivered, it.done], [["a"], ["a"]]);
});

test("when the server is lost nobody waits for it any longer", async () => {
  const it = world();
  it.fallback.add(notice("a", 3));
  it.reachable = false;
  it.fallback.serverChanged();
  await it.clock.pass(1);
  assert.deepEqual(it.delivered, ["a"]);
});

test("a channel that fails is tried again with growing patience, and complained about once", async () => {
  const it = world();
  it.failing = true;
  it.fallback.add(notice("a"));
  await it.clock.pass(60_000);
  assert.equal(it.log.length, 1);
  assert.match(it.log[0]!, /could not notify anybody of "hung": no way out. It is tried again/);
  it.failing = false;
  await it.clock.pass(5 * 60_000);
  assert.deepEqual(it.delivered, ["a"]);
});

test("closing delivers what nobody has tried to deliver yet", async () => {
  const it = world();
  it.fallback.add(notice("waiting for the server", 9));
  it.fallback.add(notice("just decided"));
  await it.fallback.close();
  await turn();
  assert.deepEqual(it.delivered, ["waiting for the server", "just decided"]);
});
