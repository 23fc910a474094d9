// A seeded simulation of the whole rule book: one agent that works, stalls, crashes and announces shutdowns, a network
// that loses, delays and doubles its beats, and a watcher that goes blind or restarts. What must hold is written as invariants below; a failure
// prints the seed, and `SIM_SEED=… node … simulation.test.ts` runs that world alone.

import assert from "node:assert/strict";
import { test } from "node:test";
import { graceOf, nextDeadline } from "./deadline.ts";
import { defaultSettings, type AgentSettings } from "./settings.ts";
import type { AgentState } from "./state.ts";
import { agentInTest, type AgentInTest } from "./testing/agent-in-test.ts";
import { randomOf, type Random } from "./testing/random.ts";
import { DAY, HOUR, MINUTE, SECOND, type Ms } from "./time.ts";

const worlds = process.env["SIM_SEED"]
  ? [Number(process.env["SIM_SEED"])]
  : Array.from({ length: 300 }, (_, i) => i + 1);
const horizon = 6 * HOUR;

test("an agent that beats in time is never alerted, whatever the network doubles and the watcher misses", () => {
  forEachWorld((random) => {
    const agent = agentInTest();
    let at = 0;
    let seq = 0;
    while (at < horizon) {
      seq += 1;
      agent.beat(at, { runId: "r", instance: "i", seq, intervalMs: MINUTE, tokens: 100 });
      if (random() < 0.1) agent.beat(at + 1, { runId: "r", instance: "i", seq, intervalMs: MINUTE, tokens: 100 });
      const next = at + Math.round(MINUTE * (0.2 + 0.8 * random()));
      if (random() < 0.02) {
        // The watcher is away for up to an hour; the agent's beats of that time are lost.
        const back = at + Math.round(HOUR * random()) + MINUTE;
        agent.sightLost(at, back);
        at = back + Math.round(MINUTE * random());
      } else {
        tickUntil(agent, next);
        at = next;
      }
    }
    assert.deepEqual(agent.notices(), []);
    assert.equal(agent.state.tokensTotal, 100 * seq);
  });
});

test("every silence longer than the limit is alerted once, on its deadline, and ends with one recovery", () => {
  forEachWorld((random) => {
    const agent = agentInTest();
    const limit = 2 * MINUTE + graceOf(MINUTE, defaultSettings);
    let at = 0;
    let silences = 0;
    while (at < horizon) {
      agent.beat(at, { intervalMs: MINUTE });
      const silent = random() < 0.2;
      const gap = silent ? limit + 1 + Math.round(HOUR * random()) : Math.round(MINUTE * random());
      const before = agent.notices().length;
      const openedAt = tickUntil(agent, at + gap);
      if (silent) {
        silences += 1;
        assert.equal(agent.notices().length, before + 1, "one alert a silence");
        assert.equal(openedAt, at + limit, "on its deadline");
      }
      at += gap;
    }
    agent.beat(at, { intervalMs: MINUTE });
    const notices = agent.notices();
    assert.equal(notices.filter((notice) => notice === "opened silent").length, silences);
    assert.equal(notices.filter((notice) => notice === "resolved silent").length, silences);
  });
});

test("no token is lost or counted twice, in whatever order beats arrive and however often", () => {
  forEachWorld((random) => {
    const agent = agentInTest();
    const sent: { runId: string; seq: number; tokens: number }[] = [];
    for (let run = 1; run <= 4; run += 1) {
      for (let seq = 1; seq <= 60; seq += 1) sent.push({ runId: `r${run}`, seq, tokens: Math.floor(random() * 5000) });
    }
    // Each is delivered one to three times, at most a dozen places from its turn.
    const deliveries = sent
      .flatMap((beat, i) =>
        Array.from({ length: 1 + Math.floor(random() * 3) }, () => ({ beat, order: i + 12 * random() })),
      )
      .toSorted((a, b) => a.order - b.order);
    deliveries.forEach(({ beat }, i) => agent.beat(i * 100, { ...beat, instance: "i" }));
    assert.equal(
      agent.state.tokensTotal,
      sent.reduce((sum, { tokens }) => sum + tokens, 0),
    );
  });
});

test("a state that was serialised between any two events decides the same as one that was not", () => {
  forEachWorld((random, seed) => {
    const plain = agentInTest({ keeps: seed % 2 === 0 });
    const resumed = agentInTest({ keeps: seed % 2 === 0 }, (state) => JSON.parse(JSON.stringify(state)) as AgentState);
    liveBoth(random, [plain, resumed]);
    assert.deepEqual(resumed.effects, plain.effects);
    assert.deepEqual(resumed.state, plain.state);
  });
});

test("never more restarts than the policy allows, and each at least a cooldown after the last start", () => {
  forEachWorld((random) => {
    const settings: AgentSettings = { ...defaultSettings, keeps: true };
    const agent = agentInTest(settings);
    const starts: Ms[] = [];
    keepAlive(agent, random, starts, 3 * DAY);
    const { cooldownMs, maxRestartsPerDay } = settings.restart;
    const automatic = agent.starts().filter((start) => start.attempt > 0);
    for (const [i, start] of automatic.entries()) {
      const dayBefore = automatic.filter((one) => one.at > start.at - DAY && one.at <= start.at);
      assert.ok(dayBefore.length <= maxRestartsPerDay, `${dayBefore.length} automatic restarts in 24 h`);
      const last = automatic[i - 1];
      if (last && start.attempt > 1) assert.ok(start.at - last.at >= cooldownMs, "a later attempt keeps the cooldown");
      assert.ok(start.attempt <= settings.restart.maxRestarts);
    }
    const asked = agent.notices().filter((notice) => notice === "opened needs-human").length;
    assert.ok(asked <= 1, "a human is asked once, and the agent then stays down");
    if (asked === 1) assert.equal(agent.state.recovery?.phase, "exhausted");
  });
});

test("a deadline that nextDeadline names is not needed again once its tick was folded", () => {
  forEachWorld((random) => {
    const agent = agentInTest({ keeps: true });
    keepAlive(agent, random, [], HOUR);
    for (let i = 0; i < 50; i += 1) {
      const due = nextDeadline(agent.state, { ...defaultSettings, keeps: true });
      if (due === null) break;
      agent.tick(due);
      const next = nextDeadline(agent.state, { ...defaultSettings, keeps: true });
      assert.ok(next === null || next > due, "a tick at a deadline moves it on");
      settle(agent, due);
    }
  });
});

function forEachWorld(run: (random: Random, seed: number) => void): void {
  for (const seed of worlds) {
    try {
      run(randomOf(seed), seed);
    } catch (error) {
      console.error(`This world has the seed ${seed}: SIM_SEED=${seed} runs it alone.`);
      throw error;
    }
  }
}

/** Ticks at each deadline up to `until`; returns when the first notice went out, if one did. */
function tickUntil(agent: AgentInTest, until: Ms): Ms | null {
  let noticedAt: Ms | null = null;
  for (;;) {
    const due = nextDeadline(agent.state, defaultSettings);
    if (due === null || due > until) return noticedAt;
    const effects = agent.tick(due);
    if (noticedAt === null && effects.some((effect) => effect.do === "notify")) noticedAt = due;
  }
}

/** Answers what the policy asks of the world: processes start and stop at once. */
function settle(agent: AgentInTest, at: Ms, seen = { effects: 0 }): void {
  for (; seen.effects < agent.effects.length; seen.effects += 1) {
    const effect = agent.effects[seen.effects];
    if (effect?.do === "start" && effect.at === at) agent.started(at);
    if (effect?.do === "stop" && effect.at === at) agent.exit(at, { signal: "SIGTERM", stoppedFor: effect.why });
  }
}

/** A supervised agent with bad luck: it beats, crashes, hangs, or never comes up. */
function keepAlive(agent: AgentInTest, random: Random, starts: Ms[], horizonMs: Ms): void {
  const settings = { ...defaultSettings, keeps: true };
  const seen = { effects: 0 };
  agent.apply({ type: "command", at: 0, command: "start", by: "supervisor" });
  settle(agent, 0, seen);
  let at = 0;
  const luck = random();
  while (at < horizonMs) {
    const due = nextDeadline(agent.state, settings);
    const running = ["starting", "probation", "healthy"].includes(agent.state.recovery?.phase ?? "");
    if (!running && due === null) break;
    at = Math.min(due ?? Infinity, running ? at + Math.round(MINUTE * (0.5 + random())) : Infinity);
    if (due !== null && due <= at) agent.tick(at);
    else if (random() < 0.1 * luck) agent.exit(at, random() < 0.5 ? { code: 1 } : { signal: "SIGKILL" });
    else if (random() < 0.98) agent.beat(at, { runId: agent.state.recovery?.runId ?? null, intervalMs: 2 * MINUTE });
    else at += 20 * SECOND;
    settle(agent, at, seen);
    starts.push(at);
  }
}

/** The same life for several copies of an agent. */
function liveBoth(random: Random, agents: readonly AgentInTest[]): void {
  let at = 0;
  let seq = 0;
  for (const agent of agents) if (agent.state.recovery) agent.start(0);
  for (let i = 0; i < 200; i += 1) {
    const before = at;
    at += Math.round(random() * 90 * SECOND);
    seq += 1;
    const luck = random();
    const tokens = random() < 0.05 ? 40_000 : 200;
    const status = luck > 0.97 ? "shutting_down" : luck > 0.94 ? "error" : "ok";
    for (const agent of agents) {
      if (luck < 0.1) agent.tick(at);
      else if (luck < 0.12) agent.sightLost(before, at);
      else if (luck < 0.15) agent.crash(at);
      else agent.beat(at, { runId: `r${Math.floor(seq / 70)}`, instance: "i", seq, tokens, status });
    }
  }
}
