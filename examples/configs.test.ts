import assert from "node:assert/strict";
import { existsSync } from "node:fs";
import { join, resolve } from "node:path";
import { test } from "node:test";
import { defaultSettings, newAgent, nextDeadline, step, type AgentEvent, type AgentSettings } from "@midwatch/core";
import { parseBeat } from "@midwatch/protocol";
import type { SupervisedAgent } from "@midwatch/supervisor";
import { commandOf, demoConfig, exampleConfig } from "./testing/example-configs.ts";
import { repository } from "./testing/example-process.ts";

const all = [...demoConfig().agents, ...exampleConfig().agents];

test("the demo has its five agents, beside a Midwatch of one's own", () => {
  const { agents, server } = demoConfig();
  assert.deepEqual(
    agents.map(({ name }) => name),
    ["steady", "mortal", "hanger", "runaway", "graceful"],
  );
  assert.deepEqual([server.host, server.port], ["127.0.0.1", 4005]);
});

for (const { name, target, cwd } of all) {
  test(`the command of ${name} needs no shell and runs in the root of the repository`, () => {
    assert.equal(join(cwd, "/"), repository);
    const run = commandOf({ target });
    assert.match(run, /^[\w./ -]+$/);
    const [program, , , file] = run.split(" ");
    assert.ok(existsSync(resolve(cwd, file ?? "")), `${file} is there`);
    assert.equal(program, "node_modules/.bin/node");
  });
}

test("the example to copy tells the terminal, and reports at eight", () => {
  const { alertsTo, channels, report, agents } = exampleConfig();
  assert.deepEqual(alertsTo, ["terminal"]);
  assert.equal(channels["terminal"]?.["type"], "console");
  assert.deepEqual([report?.at, report?.to], ["08:00", ["terminal"]]);
  assert.deepEqual(
    agents.map(({ name }) => name),
    ["folder-digest"],
  );
});

test("with the demo's times, whoever dies in each life needs a human within two minutes", () => {
  const story = live(agentNamed("mortal"), { livesMs: () => 8_000, dies: "killed" });
  assert.deepEqual(story.starts.length, 4, "a first start and three restarts");
  const [first = 0, second = 0, third = 0, fourth = 0] = story.starts;
  assert.equal(second - first, 8_000, "the first restart is made at once");
  assert.deepEqual([third - second, fourth - third], [15_000, 15_000], "the others wait for the cooldown");
  assert.equal(story.notices.at(-1)?.what, "opened needs-human");
  assert.ok((story.notices.at(-1)?.at ?? Infinity) < 60_000);
});

test("with the demo's times, whoever hangs once has recovered within two minutes", () => {
  const story = live(agentNamed("hanger"), { livesMs: (life) => (life === 1 ? 10_000 : Infinity), dies: "hung" });
  assert.equal(story.starts.length, 2);
  assert.deepEqual(
    story.notices.map(({ what }) => what),
    ["opened hung", "resolved hung"],
  );
  assert.ok((story.notices.at(-1)?.at ?? Infinity) < 60_000);
});

function agentNamed(name: string): SupervisedAgent {
  return all.find((one) => one.name === name) ?? assert.fail(`there is no agent ${name}`);
}

interface Story {
  readonly starts: number[];
  readonly notices: { readonly what: string; readonly at: number }[];
}

/** Two minutes of a supervised agent under a simulated clock: it beats each second until its life ends. */
function live(
  config: SupervisedAgent,
  fate: { readonly livesMs: (life: number) => number; readonly dies: "killed" | "hung" },
): Story {
  const settings = settingsOf(config);
  const story: Story = { starts: [], notices: [] };
  let state = newAgent(config.name, 0, settings);
  let running: { readonly runId: string; readonly since: number } | null = null;
  const apply = (event: AgentEvent): void => {
    const result = step(state, event, settings);
    state = result.state;
    for (const effect of result.effects) {
      if (effect.do === "notify") story.notices.push({ what: `${effect.what} ${effect.kind}`, at: event.at });
      if (effect.do === "start") begin(event.at);
      if (effect.do === "stop") end(event.at + config.stopGraceMs, "hung");
    }
  };
  const begin = (at: number): void => {
    story.starts.push(at);
    running = { runId: `run-${story.starts.length}`, since: at };
    apply({ type: "started", at, runId: running.runId, pid: story.starts.length });
  };
  const end = (at: number, stoppedFor: "hung" | null): void => {
    const runId = running?.runId ?? assert.fail("nothing runs that could end");
    running = null;
    const signal = "SIGKILL";
    apply({ type: "exited", at, runId, exit: { code: null, signal, stoppedFor, oom: null, lastLines: [] } });
  };
  apply({ type: "command", at: 0, command: "start", by: "supervisor" });
  for (let at = 0; at < 120_000; at += 500) {
    const due = nextDeadline(state, settings);
    if (due !== null && due <= at) apply({ type: "tick", at });
    const life = running as { readonly runId: string; readonly since: number } | null;
    if (life === null) continue;
    const lives = at - life.since < fate.livesMs(story.starts.length);
    if (lives && at % 1_000 === 0) apply(beatOf(config.name, life.runId, at));
    if (!lives && fate.dies === "killed") end(at, null);
  }
  return story;
}

function settingsOf(config: SupervisedAgent): AgentSettings {
  const { restart, cooldownMs, maxRestarts, probationMs, intervalMs, missedLimit, startupMs } = config;
  return {
    ...defaultSettings,
    keeps: true,
    intervalMs,
    missedLimit,
    startupMs,
    restart: { ...defaultSettings.restart, restart, cooldownMs, maxRestarts, probationMs },
  };
}

function beatOf(agent: string, runId: string, at: number): AgentEvent {
  const parsed = parseBeat({ agent, run_id: runId, instance: "a", seq: at, tokens_used: 100 });
  assert.ok(parsed.ok);
  const identity = { by: "seq", runId, instance: "a", seq: at } as const;
  return { type: "beat", at, beat: parsed.beat, identity, via: "supervisor", costUsdMicros: null, spooled: false };
}
