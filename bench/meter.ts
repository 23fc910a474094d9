// `npm run bench -- meter`: what a call through the meter takes longer than a direct one, measured in turn on one connection each, and
// what the meter weighs with 1,000 streams under way.

import { Agent, request, type IncomingMessage } from "node:http";
import { smallHeap } from "../packages/cli/src/up/small-heap.ts";
import { Child } from "./child.ts";
import { quantile, spellMs, type Bench } from "./finding.ts";
import { printTable } from "./table.ts";
import type { Weight } from "./weigh.ts";

const warmUp = 500;
const calls = 3_000;
const streams = 1_000;
const aimMs = 1;
const aimBytes = 200e6;

/** Like a short conversation: 4 KB. */
const body = JSON.stringify({ model: "gpt-5.6-mini", messages: [{ role: "user", content: "x".repeat(4_000) }] });
const streamBody = JSON.stringify({ model: "gpt-5.6-mini", stream: true, messages: [{ role: "user", content: "x" }] });

export const run: Bench = async () => {
  await using provider = new Child("./serve-provider.ts");
  await using meter = new Child("./serve-meter.ts", ["--expose-gc", ...smallHeap]);
  const { port: providerPort } = await provider.ask<{ port: number }>("serve");
  const { port } = await meter.ask<{ port: number }>({ providerPort });
  const urls = {
    direct: `http://127.0.0.1:${providerPort}/v1/chat/completions`,
    through: `http://127.0.0.1:${port}/meter/bot/openai/v1/chat/completions`,
  };
  const took = await measureInTurns(urls);
  const rows = (["direct", "through"] as const).map((way) => [
    way === "direct" ? "direct" : "through the meter",
    ...[0.5, 0.99].map((part) => spellMs(quantile(took[way], part))),
  ]);
  const [p50, p99] = [0.5, 0.99].map((part) => [quantile(took.direct, part), quantile(took.through, part)] as const);
  printTable(`${calls} calls each, in turn`, ["way", "p50", "p99"], rows);
  const idle = await meter.ask<Weight>("weigh");
  const open = await Promise.all(Array.from({ length: streams }, () => openStream(urls.through)));
  const busy = await meter.ask<Weight>("weigh");
  await provider.ask("finish");
  await Promise.all(open.map(({ ended }) => ended));
  const over = await meter.ask<Weight>("weigh");
  printTable(
    "Memory of the meter, resident after a garbage collection",
    ["when", "resident"],
    [
      [`after ${2 * calls} calls`, spellMb(idle.rssBytes)],
      [`${streams} streams under way`, spellMb(busy.rssBytes)],
      ["when they are over", spellMb(over.rssBytes)],
    ],
  );
  return [
    {
      what: "what the meter adds to a call",
      measured: `p50 ${spellAdded(p50)}, p99 ${spellAdded(p99)}`,
      aim: "p50 less than 1 ms",
      met: added(p50) < aimMs,
    },
    {
      what: `memory with ${streams} streams`,
      measured: spellMb(busy.rssBytes),
      aim: "less than 200 MB",
      met: busy.rssBytes < aimBytes,
    },
  ];
};

type Pair = readonly [direct: number, through: number] | undefined;

function added(pair: Pair): number {
  return pair === undefined ? Number.NaN : pair[1] - pair[0];
}

function spellAdded(pair: Pair): string {
  return `+${spellMs(added(pair))} (${((pair?.[1] ?? 0) / (pair?.[0] ?? 1)).toFixed(1)} × direct)`;
}

async function measureInTurns(urls: { readonly direct: string; readonly through: string }): Promise<{
  readonly direct: number[];
  readonly through: number[];
}> {
  const agent = new Agent({ keepAlive: true, maxSockets: 1 });
  const took = { direct: [] as number[], through: [] as number[] };
  for (let turn = -warmUp; turn < calls; turn += 1) {
    for (const way of ["direct", "through"] as const) {
      const began = performance.now();
      await callOnce(urls[way], agent);
      if (turn >= 0) took[way].push(performance.now() - began);
    }
  }
  agent.destroy();
  return took;
}

function callOnce(url: string, agent: Agent): Promise<void> {
  const { promise, resolve, reject } = Promise.withResolvers<undefined>();
  const headers = { "content-type": "application/json", "content-length": String(Buffer.byteLength(body)) };
  const call = request(url, { method: "POST", agent, headers }, (answer) => {
    if (answer.statusCode !== 200) reject(new Error(`a call was answered ${answer.statusCode ?? 0}`));
    answer.resume().on("end", () => resolve(undefined));
  });
  call.on("error", reject);
  call.end(body);
  return promise;
}

/** Resolves at the first chunk. */
function openStream(url: string): Promise<{ readonly ended: Promise<undefined> }> {
  const { promise, resolve, reject } = Promise.withResolvers<{ readonly ended: Promise<undefined> }>();
  const end = Promise.withResolvers<undefined>();
  const headers = { "content-type": "application/json", "content-length": String(Buffer.byteLength(streamBody)) };
  const call = request(url, { method: "POST", agent: false, headers }, (answer: IncomingMessage) => {
    answer.once("data", () => resolve({ ended: end.promise }));
    answer.on("end", () => end.resolve(undefined));
  });
  call.on("error", reject);
  call.end(streamBody);
  return promise;
}

function spellMb(bytes: number): string {
  return `${(bytes / 1e6).toFixed(0)} MB`;
}
