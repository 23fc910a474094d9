import assert from "node:assert/strict";
import { test } from "node:test";
import type { Config } from "./config.ts";
import { describeProblems, parseConfig } from "./read-config.ts";

function problemsOf(text: string, environment: NodeJS.ProcessEnv = {}): string[] {
  const read = parseConfig(text, "/etc/midwatch.yaml", environment);
  return read.ok ? [] : read.problems.map(({ line, column, message }) => `${line}:${column} ${message}`);
}

test("a whole file is read, with what agents have in common and what they do not", () => {
  const read = parseConfig(
    `
server: { listen: 127.0.0.1:5005, data: watch, timezone: Europe/Berlin }
defaults: { interval: 30s, cooldown: 1m }
agents:
  bot: { run: python agent.py, cwd: bot, env: { MODE: live }, cooldown: 2m }
channels:
  me: { type: webhook, url: "https://example.org/hook", secret: "\${HOOK_SECRET}" }
alerts: { to: [me] }
report: { at: "08:00" }
`,
    "/etc/midwatch.yaml",
    { HOOK_SECRET: "hush" },
  );
  assert.ok(read.ok);
  const { server, agents, channels, report } = read.config;
  assert.deepEqual(server, {
    host: "127.0.0.1",
    port: 5005,
    dataDir: "/etc/watch",
    timezone: "Europe/Berlin",
    publicUrl: null,
    strict: false,
    allowExec: false,
  });
  assert.deepEqual(
    agents.map(({ name, cwd, intervalMs, cooldownMs }) => ({ name, cwd, intervalMs, cooldownMs })),
    [{ name: "bot", cwd: "/etc/bot", intervalMs: 30_000, cooldownMs: 120_000 }],
  );
  assert.equal(channels["me"]?.["secret"], "hush");
  assert.deepEqual(report, { at: "08:00", to: ["me"], daily: true, weekly: null, monthly: null });
});

function configOf(text: string): Config {
  const read = parseConfig(text, "/etc/midwatch.yaml", {});
  assert.ok(read.ok, read.ok ? "" : describeProblems(read.file, read.problems));
  return read.config;
}

test("programs may be run for messages only where the file says so in so many words", () => {
  assert.equal(configOf("server: { allow_exec: true }").server.allowExec, true);
  assert.equal(configOf("channels: { me: { type: exec, command: [notify] } }").server.allowExec, false);
});

test("an agent has the budget of the defaults, of which it may replace or take away single limits", () => {
  const { defaults, agents } = configOf(`
defaults: { budget: { usd_per_day: 5, tokens_per_cycle: 200000 }, stuck_cycles: 20, on_runaway: pause }
agents:
  plain: { run: x }
  other: { run: x, budget: { usd_per_day: 0.5, tokens_per_cycle: null, usd_per_month: 9 }, stuck_cycles: null }
  watched: { run: x, detector: shadow, on_runaway: page }
`);
  const [plain, other, watched] = agents;
  assert.ok(plain && other && watched);
  assert.deepEqual(defaults.budget, { usd_per_day: 5_000_000, tokens_per_cycle: 200_000 });
  assert.deepEqual(plain.budget, defaults.budget);
  assert.deepEqual(other.budget, { usd_per_day: 500_000, usd_per_month: 9_000_000 });
  assert.deepEqual([plain.stuckCycles, other.stuckCycles], [20, null]);
  assert.deepEqual([plain.onRunaway, plain.detector], ["pause", "on"]);
  assert.deepEqual([watched.onRunaway, watched.detector], ["page", "shadow"]);
});

test("budgets of several agents are those of the installation and of tags", () => {
  const { budgets } = configOf(`
budgets:
  install: { usd_per_day: 50, usd_per_month: 800 }
  tags: { research: { tokens_per_hour: 2000000 } }
`);
  assert.deepEqual(budgets, {
    install: { usd_per_day: 50_000_000, usd_per_month: 800_000_000 },
    tags: { research: { tokens_per_hour: 2_000_000 } },
  });
  assert.deepEqual(configOf("budgets:").budgets, { install: {}, tags: {} });
});

test("a price table has prices, and models of one's own machine that need none", () => {
  const { prices } = configOf(`
prices:
  my-model: { provider: my-llm, input: 0.5, output: 1.5, cache_read: 0.05 }
  "qwen*": { provider: my-vllm, local: true }
`);
  assert.deepEqual(prices, [
    {
      model: "my-model",
      provider: "my-llm",
      rates: { input: 0.5, output: 1.5, cacheRead: 0.05, cacheWrite: null },
    },
    { model: "qwen*", provider: "my-vllm", rates: null },
  ]);
});

test("reports of weeks and months are sent on days that the file names", () => {
  const read = (report: string) =>
    configOf(`channels: { me: { type: console } }\nalerts: { to: [me] }\nreport: ${report}`);
  assert.deepEqual(read('{ at: "07:30", daily: false, weekly: sun, monthly: 1 }').report, {
    ...{ at: "07:30", to: ["me"], daily: false, weekly: 7, monthly: 1 },
  });
});

test("the watcher of the server is called each minute, under the name of this machine, unless the file says otherwise", () => {
  assert.equal(configOf("agents: {}").watcher, null);
  const { watcher } = configOf("watcher: { url: https://example.org/ping/1 }");
  assert.deepEqual(
    [watcher?.url, watcher?.key, watcher?.everyMs, watcher?.allowPrivate],
    [...["https://example.org/ping/1", null, 60_000, false]],
  );
  assert.match(watcher?.agent ?? "", /^midwatch@./);
});

test("every mistake is reported at once, each with its line and column", () => {
  const problems = problemsOf(`server: { listen: nowhere }
agents:
  bot:
    run: python agent.py
    interval: 60
    restart: sometimes
    budgets: 5
  "bad name": { cwd: . }
alerts: { to: [me] }
`);
  assert.deepEqual(
    problems.map((problem) => problem.split(" ")[0]),
    ["1:19", "9:9", "5:15", "6:14", "7:5", "8:3", "8:3"],
  );
  assert.match(problems.join("\n"), /write 60s for seconds/);
});

for (const [claim, text, said] of [
  ["a file that is not YAML", "agents: [", /1:/],
  [
    "a fallback that there is no channel for",
    "channels: { me: { type: console } }\nalerts: { to: [me], fallback: phone }",
    /2:9 alerts.fallback names "phone", which is not under channels/,
  ],
  ["a watcher without a place", "watcher: { every: 5m }", /1:10 watcher has no "url": what is to be called\?/],
  [
    "a report without its time",
    "report: { weekly: mon }",
    /1:9 report has weekly, but no "at"; say at what time, like at: "08:00"/,
  ],
  ["a report on a day that some months lack", 'report: { at: "08:00", monthly: 31 }', /report.monthly must be .*28/],
  ["an unknown section", "agent: {}", /unknown section "agent"; there are server/],
  ["a variable that is not set", 'channels: { me: { type: ntfy, url: "${NOPE}" } }', /NOPE is not set/],
  [
    "a budget of a period that there is none of",
    "agents: { a: { run: x, budget: { usd_per_week: 5 } } }",
    /1:34 agents.a.budget has no setting "usd_per_week"/,
  ],
  [
    "a budget of nothing",
    "defaults: { budget: { usd_per_day: 0 } }",
    /1:36 defaults.budget.usd_per_day must be an amount in US dollars, more than 0/,
  ],
  [
    "a budget of half a token",
    "defaults: { budget: { tokens_per_day: 0.5 } }",
    /tokens_per_day must be a whole number from 1/,
  ],
  ["a budget that is only a number", "agents: { a: { run: x, budget: 5 } }", /agents.a.budget must be a mapping/],
  [
    "a budget per cycle of several agents",
    "budgets: { tags: { t: { usd_per_cycle: 5 } } }",
    /1:25 budgets.tags.t has no setting "usd_per_cycle"/,
  ],
  [
    "no budget, where there is none to take away",
    "budgets: { install: { usd_per_day: null } }",
    /usd_per_day must be an amount/,
  ],
  [
    "a budget of something else",
    "budgets: { agents: {} }",
    /1:12 budgets has no setting "agents"; there are install, tags/,
  ],
  [
    "a price below nothing",
    "prices: { m: { input: -1, output: 1 } }",
    /1:23 prices.m.input must be US dollars for a million tokens, from 0/,
  ],
  ["a price in words", "prices: { m: { input: cheap, output: 1 } }", /1:23 prices.m.input must be US dollars/],
  ["a price of only one side", "prices: { m: { input: 1 } }", /1:11 prices.m has no "output"/],
  ["a price of nothing at all", "prices: { m: {} }", /prices.m has no "input"/],
  ["a price per unknown", "prices: { m: { input: 1, output: 1, per: 1000 } }", /1:37 prices.m has no setting "per"/],
  [
    "a public address with a password",
    'server: { public_url: "https://me:sesame@example.org" }',
    /server\.public_url must be an address without user, password or path, like \S+$/,
  ],
  [
    "a public address with a path",
    "server: { public_url: https://example.org/midwatch }",
    /server\.public_url must be an address without/,
  ],
  ["a zone that does not exist", "server: { timezone: Mars/Base }", /not a known time zone/],
  ["a mapping where a text belongs", "agents: { a: { run: { b: c } } }", /agents.a.run must be a text/],
  ["a key that stands twice", "agents: {}\nagents: {}", /2:1 .*unique/],
] as const) {
  test(`${claim} is refused in plain words`, () => assert.match(problemsOf(text).join("\n"), said));
}

test("the meter's section is read, with providers of one's own", () => {
  const read = parseConfig(
    `
meter:
  listen: "[::1]:4105"
  providers:
    gateway: { url: "https://llm.example.org/v2", shape: anthropic, price_as: anthropic }
    ollama: { url: "http://10.0.0.9:11434" }
defaults: { telemetry: false }
agents:
  bot: { run: x, meter: [openai, anthropic], telemetry: true }
`,
    "/etc/midwatch.yaml",
    {},
  );
  assert.ok(read.ok);
  assert.deepEqual(read.config.meter, {
    host: "::1",
    port: 4105,
    maxCalls: 2_000,
    providers: {
      gateway: { url: "https://llm.example.org/v2", shape: "anthropic", priceAs: "anthropic" },
      ollama: { url: "http://10.0.0.9:11434" },
    },
  });
  assert.equal(read.config.defaults.telemetry, false);
  assert.deepEqual(
    read.config.agents.map(({ meter, telemetry }) => ({ meter, telemetry })),
    [{ meter: ["openai", "anthropic"], telemetry: true }],
  );
});

test("without a meter's section there is no meter, and an empty one is a meter with the defaults", () => {
  const meterIn = (text: string): unknown => {
    const read = parseConfig(text, "/etc/midwatch.yaml", {});
    return read.ok ? read.config.meter : read.problems;
  };
  assert.equal(meterIn("agents: {}"), null);
  assert.deepEqual(meterIn("meter:"), { host: "127.0.0.1", port: 4005, maxCalls: 2_000, providers: {} });
});

for (const [claim, text, said] of [
  [
    "a provider without an address",
    "meter: { providers: { mine: { shape: openai } } }",
    /meter.providers.mine has no "url"/,
  ],
  ["a provider with an odd name", 'meter: { providers: { "a/b": { url: "http://x" } } }', /has the name "a\/b"/],
  ["an address that is none", "meter: { providers: { mine: { url: ftp://x } } }", /must be an address/],
  [
    "a provider whose clients read no variable",
    "agents: { a: { run: x, meter: [mistral] } }",
    /a.meter names "mistral"/,
  ],
  [
    "metering what has its own environment",
    "agents: { a: { docker: x, meter: [openai] } }",
    /Set OPENAI_BASE_URL there/,
  ],
] as const) {
  test(`${claim} is refused in plain words`, () => assert.match(problemsOf(text).join("\n"), said));
}

test("problems are written like places in an editor", () => {
  assert.equal(
    describeProblems("midwatch.yaml", [{ line: 3, column: 5, message: "wrong" }]),
    "The configuration has a mistake:\n  midwatch.yaml:3:5: wrong",
  );
});
