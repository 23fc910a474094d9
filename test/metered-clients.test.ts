// The real clients of models, in processes of their own, against servers that speak as the providers do. What the agent's beats
// tell must be what was served, to the token, whichever way it was metered.

import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { once } from "node:events";
import { text } from "node:stream/consumers";
import { after, test, type TestContext } from "node:test";
import { fileURLToPath } from "node:url";
import type { BeatBody } from "../sdks/typescript/src/beat-body.ts";
import { StubServer } from "../sdks/typescript/src/testing/stub-server.ts";
import type { UsageRow } from "../sdks/typescript/src/usage-shapes.ts";
import type { CallView } from "@midwatch/protocol";
import type { Cleanup } from "./support/cleanup.ts";
import { meteredUrls, startMetered, type MeteredAgents } from "./support/metered-agents.ts";
import { until } from "./support/until.ts";
import { clientsFolder, clientsPython, withoutNodeClients, withoutPythonClients } from "./support/model-clients.ts";
import { costUsdOf } from "./support/providers/openrouter.ts";
import { startProviders, type Providers, type ServedCall } from "./support/providers/start-providers.ts";

/** What is promised of a call; see docs/sdk-meters.md. */
type Promised = "whole" | "nothing told" | "input told" | "part told";

interface Case {
  /** Names the call in the client's script; knobs of the stand-in follow it. */
  readonly name: string;
  readonly promise: Promised;
}

const whole = (...names: readonly string[]): readonly Case[] => names.map((name) => ({ name, promise: "whole" }));

const openAi: readonly Case[] = [
  ...whole(
    "whole+gzip+tool",
    "stream+br+tool",
    "helper+tool",
    "responses+br+tool",
    "responsesStream+gzip+tool",
    "whole+flaky",
    "stream+chunks=500",
  ),
  { name: "aborted+hold", promise: "nothing told" },
  { name: "responsesAborted+hold", promise: "nothing told" },
];
const anthropic: readonly Case[] = [
  ...whole("whole+gzip+tool", "stream+br+tool", "helper+tool", "whole+flaky"),
  { name: "aborted+hold", promise: "input told" },
];
const ai: readonly Case[] = [
  ...whole(
    "openai+br",
    "openaiStream",
    "chat",
    "chatStream+gzip",
    "anthropic",
    "anthropicStream+br",
    "google",
    "googleStream",
  ),
  { name: "openaiAborted+hold", promise: "nothing told" },
  { name: "anthropicAborted+hold", promise: "input told" },
];
const ollama: readonly Case[] = [
  ...whole("whole+tool", "generate", "stream+tool"),
  { name: "aborted+hold", promise: "nothing told" },
];
const genai: readonly Case[] = [...whole("whole+gzip", "stream"), { name: "aborted+hold", promise: "part told" }];

const nodeClients: Readonly<Record<string, readonly Case[]>> = {
  openai: openAi,
  openrouter: whole("whole", "stream"),
  anthropic,
  ollama,
  genai,
  ai7: ai,
  ai6: ai,
};

const pythonClients: Readonly<Record<string, readonly Case[]>> = {
  openai: openAi,
  async_openai: openAi,
  anthropic,
  async_anthropic: anthropic,
};

interface Metered {
  /** By the name of the case. */
  readonly rows: ReadonlyMap<string, readonly UsageRow[]>;
  readonly tools: ReadonlyMap<string, readonly string[]>;
  /** Calls that broke off, of which the rest was guessed and marked as such; a way that never guesses has none. */
  readonly guessed?: ReadonlySet<string>;
}

/** How calls reach the provider and come to be counted. */
interface Way {
  readonly name: string;
  /** All its tests go through one Midwatch, each with an agent of its own. */
  readonly shares?: true;
  /** Null: this way has no such client. */
  argv(client: string): readonly string[] | null;
  /** Runs the program of a client through all cases, and tells what was counted of each. */
  readonly metered: (
    t: TestContext,
    argv: readonly string[],
    providers: Providers,
    cases: readonly Case[],
  ) => Promise<Metered>;
}

const sdk = new URL("../sdks/typescript/src/index.ts", import.meta.url).href;
const preload = new URL("../sdks/typescript/src/metering/register.ts", import.meta.url).href;
const nodeArgv = [process.execPath, "--conditions=midwatch-source", "--disable-warning=ExperimentalWarning"];

const nodeWays: readonly Way[] = [
  {
    name: "through watch.fetch",
    // Google's client takes no fetch.
    argv: (client) => (client === "genai" ? null : [...nodeArgv, "run.mjs", client, "fetch"]),
    metered: meteredByBeats,
  },
  {
    name: "with the meter preloaded",
    argv: (client) => [...nodeArgv, "--import", preload, "run.mjs", client, "preload"],
    metered: meteredByBeats,
  },
  {
    name: "through the metering proxy",
    shares: true,
    argv: (client) => [...nodeArgv, "run.mjs", client, "proxy"],
    metered: meteredByProxy,
  },
];

const pythonWays: readonly Way[] = [
  { name: "through MeteredTransport", argv: (client) => [clientsPython, "run.py", client], metered: meteredByBeats },
  {
    name: "through the metering proxy",
    shares: true,
    argv: (client) => [clientsPython, "run.py", client],
    metered: meteredByProxy,
  },
];

matrix("Node", nodeClients, nodeWays, withoutNodeClients());
matrix("Python", pythonClients, pythonWays, withoutPythonClients());

function matrix(
  language: string,
  clients: Readonly<Record<string, readonly Case[]>>,
  ways: readonly Way[],
  skip: string | false,
): void {
  for (const way of ways) {
    for (const [client, cases] of Object.entries(clients)) {
      const argv = way.argv(client);
      if (argv === null) continue;
      test(`${language}: what ${client} uses ${way.name} is told to the token`, { skip }, async (t) => {
        const providers = way.shares ? (await scene()).providers : await startProviders(t);
        const before = providers.calls.length;
        const metered = await way.metered(t, argv, providers, cases);
        const served = providers.calls.slice(before);
        for (const { name, promise } of cases) await t.test(name, () => check(name, promise, served, metered));
      });
    }
  }
}

function check(name: string, promise: Promised, calls: readonly ServedCall[], metered: Metered): void {
  const { rows, tools, guessed } = metered;
  const [model = "", ...knobs] = `model-${name}`.split("+");
  const served = calls.filter((call) => call.asked === `model-${name}` && call.ending !== "failed");
  const [call] = served;
  const told = rows.get(name) ?? [];
  assert.ok(call !== undefined && served.length === 1, `one call was served: ${JSON.stringify(served)}`);
  if (promise !== "whole" && guessed) {
    assert.ok(guessed.has(name) && told.length === 1, `one guess is told: ${JSON.stringify(told)}`);
    if (promise === "input told") assert.equal(told[0]?.input_tokens, call.usage.input);
    return;
  }
  if (promise === "nothing told") {
    assert.deepEqual(told, []);
    return;
  }
  const { usage } = call;
  const expected: UsageRow = {
    provider: call.provider,
    model,
    input_tokens: usage.input,
    output_tokens: usage.output,
    cache_read_tokens: usage.cacheRead,
    cache_write_tokens: usage.cacheWrite,
    reasoning_tokens: usage.reasoning,
    calls: 1,
    ...(call.provider === "openrouter" ? { cost_usd: costUsdOf(call) } : {}),
  };
  const [row] = told;
  assert.ok(row !== undefined && told.length === 1, `one row is told: ${JSON.stringify(told)}`);
  if (promise === "whole") {
    assert.equal(call.ending, "whole");
    assert.deepEqual(row, expected);
    if (!guessed) assert.deepEqual(tools.get(name) ?? [], knobs.includes("tool") ? [lookUp] : []);
  } else {
    assert.equal(call.ending, "left");
    // What the provider says of the output before it is made: Anthropic one token, Gemini a part.
    const output = row.output_tokens;
    assert.ok(
      output < usage.output && (promise === "part told" ? output > usage.reasoning : output === 1),
      `${output}`,
    );
    assert.deepEqual({ ...row, output_tokens: 0 }, { ...expected, output_tokens: 0 });
  }
}

/** The digest of `{"city":"Bern"}`, as `cycle.tool` makes it. */
const lookUp = "look_up 9ad9d1db359cb625";

async function meteredByBeats(
  t: TestContext,
  argv: readonly string[],
  providers: Providers,
  cases: readonly Case[],
): Promise<Metered> {
  const stub = await StubServer.listen();
  t.after(() => stub.close());
  await runClient(t, [...argv, ...cases.map(({ name }) => name)], {
    ...baseUrls(providers.urls),
    MIDWATCH_URL: stub.url,
    MIDWATCH_KEY: "mw_test",
    MIDWATCH_AGENT: "metered",
    MIDWATCH_SDK: sdk,
    PYTHONPATH: fileURLToPath(new URL("../sdks/python/src", import.meta.url)),
  });
  const byCase = <T>(of: (beat: BeatBody) => readonly T[]): ReadonlyMap<string, readonly T[]> =>
    new Map(stub.kept.map((beat) => [beat.message ?? "", of(beat)]));
  for (const beat of stub.kept) {
    const sum = (beat.usage ?? []).reduce((tokens, row) => tokens + row.input_tokens + row.output_tokens, 0);
    assert.equal(beat.tokens_used, sum, "nothing is counted beside the rows");
  }
  assert.deepEqual(
    stub.kept.map(({ message }) => message),
    cases.map(({ name }) => name),
  );
  return {
    rows: byCase(({ usage }) => usage ?? []),
    tools: byCase(({ tools }) => (tools ?? []).map(({ name, args_hash }) => `${name} ${args_hash ?? ""}`)),
  };
}

interface ProxyScene {
  readonly providers: Providers;
  readonly midwatch: MeteredAgents;
}

let opened: Promise<ProxyScene> | null = null;
const closings: (() => unknown)[] = [];
after(async () => {
  for (const close of closings.toReversed()) await close();
});

/** Opened by the first test that asks for it, closed after the last of this file. */
function scene(): Promise<ProxyScene> {
  opened ??= (async () => {
    const whenDone: Cleanup = { after: (run) => void closings.push(run) };
    const providers = await startProviders(whenDone);
    return { providers, midwatch: await startMetered(whenDone, providers) };
  })();
  return opened;
}

/** The whole way: a real meter and a real server, whose ledger is read. The client knows nothing of Midwatch. */
async function meteredByProxy(
  t: TestContext,
  argv: readonly string[],
  providers: Providers,
  cases: readonly Case[],
): Promise<Metered> {
  const { midwatch } = await scene();
  const bot = `bot-${providers.calls.length}`;
  const urls = baseUrls(meteredUrls(midwatch.meterUrl, bot));
  await runClient(t, [...argv, ...cases.map(({ name }) => name)], urls);
  const calls = await until(
    async () => {
      const counted = (await midwatch.calls(bot)).filter(({ outcome }) => outcome !== "failed");
      return counted.length >= cases.length && counted;
    },
    () => `${cases.length} calls in the ledger:\n${midwatch.up.output()}`,
  );
  assert.equal(calls.length, cases.length, JSON.stringify(calls));
  const agent = await midwatch.api().agent(bot);
  const tokens = calls.reduce((sum, { input_tokens, output_tokens }) => sum + input_tokens + output_tokens, 0);
  assert.equal(agent?.tokens_total, tokens, "the agent's total is that of its calls");
  // One case after the other, so the ledger has those of one model in this order; an answer that takes long to unpack may be counted
  // after the next one of another model.
  const byModel = Map.groupBy(calls, ({ model }) => model);
  const ofCase = new Map(
    cases.map(({ name }, index) => [name, byModel.get(`model-${name.split("+")[0]}`)?.shift() ?? calls[index]]),
  );
  const rows = new Map([...ofCase].map(([name, call]) => [name, [rowOf(call)]]));
  const guessed = cases.filter(({ name }) => {
    const call = ofCase.get(name);
    return call?.estimated === true && call.outcome === "aborted";
  });
  return { rows, tools: new Map(), guessed: new Set(guessed.map(({ name }) => name)) };
}

/** A call of the ledger as beats would tell it. */
function rowOf(call: CallView | undefined): UsageRow {
  assert.ok(call);
  const { provider, model, input_tokens, output_tokens, cache_read_tokens, cache_write_tokens, reasoning_tokens } =
    call;
  return {
    ...(provider === null ? {} : { provider }),
    ...(model === null ? {} : { model }),
    ...{ input_tokens, output_tokens, cache_read_tokens, cache_write_tokens, reasoning_tokens },
    calls: call.calls,
    ...(call.priced_by === "reported" ? { cost_usd: call.cost_usd ?? 0 } : {}),
  };
}

/** The variables by which programs find their providers. */
function baseUrls(urls: Providers["urls"]): Readonly<Record<string, string>> {
  return {
    OPENAI_BASE_URL: urls.openai,
    OPENROUTER_BASE_URL: urls.openrouter,
    ANTHROPIC_BASE_URL: urls.anthropic,
    GOOGLE_GEMINI_BASE_URL: urls.google,
    OLLAMA_HOST: urls.ollama,
  };
}

async function runClient(
  t: TestContext,
  argv: readonly string[],
  env: Readonly<Record<string, string>>,
): Promise<void> {
  const [program = "", ...args] = argv;
  const inherited = Object.entries(process.env).filter(
    ([name]) => !/^(?:MIDWATCH_|OPENAI_|ANTHROPIC_|GOOGLE_|GEMINI_|NODE_)/u.test(name),
  );
  const child = spawn(program, args, {
    cwd: clientsFolder,
    env: { ...Object.fromEntries(inherited), ...env },
    stdio: ["ignore", "pipe", "pipe"],
  });
  t.after(() => child.kill("SIGKILL"));
  const ended = once(child, "close").then(([status]) => status as number | null);
  const [said, complained, status] = await Promise.all([text(child.stdout), text(child.stderr), ended]);
  assert.equal(status, 0, `${args.join(" ")} said:\n${said}${complained}`);
}
