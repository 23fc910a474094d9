// `npm run bench -- keepers`: Midwatch beside PM2, supervisord and Docker, in one run, on the same agents. The others are
// installed into a temporary folder; one that cannot be had here is shown as missing. Writes docs/keepers.md. Linux only:
// what belongs to whom is read from /proc. Takes about five minutes.

import { mkdtempSync, realpathSync, rmSync } from "node:fs";
import { loadavg, tmpdir } from "node:os";
import { basename, join } from "node:path";
import type { Bench } from "./finding.ts";
import { agentOf } from "./keepers/agents.ts";
import { installDocker } from "./keepers/docker.ts";
import { hangUnderMidwatch } from "./keepers/hangs.ts";
import { isHere, type Installed, type Kind } from "./keepers/keeper.ts";
import { killEach, ownStarts } from "./keepers/kills.ts";
import { buildMidwatch, midwatch, type Midwatch } from "./keepers/midwatch.ts";
import { dieAndReturn, type AfterDeath } from "./keepers/own-death.ts";
import { writePage } from "./keepers/page.ts";
import { installPm2 } from "./keepers/pm2.ts";
import { runVariable, residentBytes } from "./keepers/processes.ts";
import { endAll, endRun, playScene, type Opened, type Stage } from "./keepers/scene.ts";
import { installSupervisord } from "./keepers/supervisord.ts";
import { findingsOf, rowsOf, type Results } from "./keepers/rows.ts";
import { trouble, troubles, type Troubled } from "./keepers/troubles.ts";
import { idleLoad, weigh, type Weight } from "./keepers/weights.ts";
import { printTable } from "./table.ts";

const many = 20;
const kills = 10;
const ownStartsTaken = 10;
const hangs = 5;
/** Docker takes a container that has been up for 10 s for one that works. */
const settleMs = 15_000;
const idleMs = 30_000;

export const run: Bench = async () => {
  if (process.platform !== "linux") {
    console.log("Not on this system: the processes of a keeper are read from Linux's /proc.");
    return [];
  }
  const folder = realpathSync(mkdtempSync(join(tmpdir(), "keepers-")));
  const stage: Stage = { folder, token: basename(folder) };
  process.env[runVariable] = stage.token;
  const clean = (): void => {
    endAll(stage.token);
    endRun(stage.token);
    rmSync(folder, { recursive: true, force: true, maxRetries: 5, retryDelay: 200 });
  };
  const onSignal = (): void => {
    clean();
    process.exit(130);
  };
  process.once("SIGINT", onSignal).once("SIGTERM", onSignal);
  try {
    const results = await measure(stage);
    const rows = rowsOf(results);
    printTable("Midwatch beside other keepers", rows.head, rows.rows);
    for (const note of rows.notes) console.log(`- ${note}`);
    await writePage(results, rows);
    return findingsOf(results);
  } finally {
    process.off("SIGINT", onSignal).off("SIGTERM", onSignal);
    clean();
  }
};

async function measure(stage: Stage): Promise<Results> {
  const startedAt = performance.now();
  const step = (what: string): void => {
    const seconds = ((performance.now() - startedAt) / 1_000).toFixed(0);
    console.log(`${seconds.padStart(4)} s  ${what} (load ${loadavg()[0]?.toFixed(1) ?? ""})`);
  };
  step("building and installing");
  const peers = await install(stage.folder);
  const here = peers.filter(isHere);
  const load = { before: loadavg()[0] ?? 0 };
  step("hangs under Midwatch");
  const hung = await hangUnderMidwatch(stage, hangs);
  step("one agent each");
  const light = await weighOne(stage, [midwatch({}), ...here]);
  step(`${many} agents each`);
  const heavy = await watchMany(stage, [midwatch({ startup: "10m" }), ...here], step);
  step("crash loops, a hang, and children");
  const troubled = await troubleAll(stage, [midwatch({ cooldown: "2s", liveness: "process" }), ...here]);
  step("done");
  return {
    peers: [midwatch({}), ...peers],
    load: { ...load, after: loadavg()[0] ?? 0 },
    seconds: (performance.now() - startedAt) / 1_000,
    hung,
    light,
    troubled,
    ...heavy,
  };
}

async function install(folder: string): Promise<readonly Installed[]> {
  const [, ...peers] = await Promise.all([
    buildMidwatch(),
    installPm2(join(folder, "install-pm2")),
    installSupervisord(join(folder, "install-supervisord")),
    installDocker(),
  ]);
  return peers;
}

async function weighOne(stage: Stage, kinds: readonly Kind[]): Promise<ReadonlyMap<string, Weight>> {
  const cast = (): readonly (readonly [string, "idle"])[] => [["only", "idle"]];
  return playScene(stage, { title: "one", kinds, cast }, async (opened) => {
    await settle(opened);
    return new Map(opened.map((one) => [one.name, weigh(one)]));
  });
}

async function watchMany(
  stage: Stage,
  kinds: readonly Kind[],
  step: (what: string) => void,
): Promise<Omit<Results, "peers" | "load" | "seconds" | "hung" | "light" | "troubled">> {
  const cast = (): readonly (readonly [string, "idle"])[] =>
    Array.from({ length: many }, (_, index) => [`agent-${index}`, "idle"] as const);
  return playScene(stage, { title: "many", kinds, cast }, async (opened) => {
    await settle(opened);
    step("memory and idle load");
    const idle = await idleLoad(opened, idleMs);
    const heavy = new Map(opened.map((one) => [one.name, weigh(one)]));
    const server = residentBytes((opened[0]?.keeper as Midwatch).server());
    step("kills");
    const alone = agentOf({ folder: stage.folder, token: `${stage.token}/alone` }, "alone", "idle");
    const own = await ownStarts(alone, ownStartsTaken);
    const delays = await killEach(opened, kills);
    step("deaths of the keepers");
    const deaths = await Promise.all(opened.map(async (one) => [one.name, await dieAndReturn(one)] as const));
    return { idle, heavy, serverBytes: server, own, delays, deaths: new Map<string, readonly AfterDeath[]>(deaths) };
  });
}

async function troubleAll(stage: Stage, kinds: readonly Kind[]): Promise<ReadonlyMap<string, Troubled>> {
  // Under Midwatch the agent that hangs has to beat: it has a scene of its own.
  const cast = ({ name }: Kind) =>
    troubles.filter((one) => name !== "Midwatch" || one !== "hang").map((one) => [one, one] as const);
  return playScene(
    stage,
    { title: "trouble", kinds, cast },
    async (opened) => new Map(await Promise.all(opened.map(async (one) => [one.name, await trouble(one)] as const))),
  );
}

/** Each agent beats once, where its keeper hears beats; and every keeper has had its start behind it for a while. */
async function settle(opened: readonly Opened[]): Promise<void> {
  for (const { keeper, agents } of opened) for (const agent of agents) await keeper.beat?.(agent);
  await new Promise((resolve) => setTimeout(resolve, settleMs));
}
