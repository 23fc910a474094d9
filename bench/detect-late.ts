// The watched process of the detection benchmark: a real store, ledger and sweeper in real time. Most agents beat once a
// minute, as seen from the store: their stored deadlines come due evenly and have moved on by then. Some fall silent.

import { setTimeout as pause } from "node:timers/promises";
import {
  defaultSettings,
  MINUTE,
  newAgent,
  nextDeadline,
  step,
  type AgentEvent,
  type AgentSettings,
  type AgentState,
  type Ms,
} from "@midwatch/core";
import { parseBeat } from "@midwatch/protocol";
import type { AgentWrite, Store } from "@midwatch/store";
import { systemClock, textLog } from "@midwatch/server";
// Below the package's table of contents: the sweeper is measured without the HTTP around it.
import { Ledger } from "../packages/server/src/ledger/ledger.ts";
import { settingsMerger } from "../packages/server/src/settings.ts";
import { Sight } from "../packages/server/src/sweeper/sight.ts";
import { Supervisors } from "../packages/server/src/sweeper/supervisors.ts";
import { Sweeper } from "../packages/server/src/sweeper/sweeper.ts";
import { answerParent } from "./child.ts";
import type { DetectionOrder, DetectionResult } from "./detection.ts";
import { inStore } from "./in-store.ts";

const perCommit = 1_000;
/** Seeding 100,000 agents takes seconds; the first deadline comes after it. */
const seedingMs = 25_000;

answerParent(async (asked) => {
  if (asked === "timer") return timerLags();
  // Sent by `detection.ts` only.
  return detect(asked as DetectionOrder);
});

async function timerLags(): Promise<number[]> {
  const lags: number[] = [];
  for (let turn = 0; turn < 100; turn += 1) {
    const begun = performance.now();
    await pause(100);
    lags.push(Math.max(0, performance.now() - begun - 100));
  }
  return lags;
}

function detect(order: DetectionOrder): Promise<DetectionResult> {
  return inStore(async (store) => {
    const begun = performance.now();
    const startAt = Date.now() + (order.agents > 10_000 ? seedingMs : 3_000);
    const deadlines = await seed(store, order, startAt);
    const seeded = performance.now();
    return watch({ store, order, startAt, deadlines, seedMs: seeded - begun });
  });
}

async function watch(given: {
  readonly store: Store;
  readonly order: DetectionOrder;
  readonly startAt: Ms;
  readonly deadlines: ReadonlyMap<string, Ms>;
  readonly seedMs: number;
}): Promise<DetectionResult> {
  const { store, order, startAt, deadlines, seedMs } = given;
  const clock = systemClock;
  const settingsOf = settingsMerger(defaultSettings);
  const ledger = new Ledger({ store, clock, settingsOf, wakeDesk: () => undefined });
  const supervisors = new Supervisors(ledger, clock);
  const log = textLog(process.stderr, clock);
  const sweeper = new Sweeper({
    store,
    ledger,
    clock,
    supervisors,
    log,
    sight: new Sight(store, clock),
    onTurn: null,
    onSwept: null,
  });
  const delays: number[] = [];
  ledger.listen({
    committed: ({ written }) => {
      const now = performance.timeOrigin + performance.now();
      for (const { agent, incident } of written.incidents) {
        const deadline = deadlines.get(agent);
        if (incident.kind === "silent" && deadline !== undefined) delays.push(now - deadline);
      }
    },
    failed: (error) => log.error({ err: error }, "a commit failed"),
  });
  const begun = performance.now();
  await ledger.load();
  await sweeper.open();
  const openMs = performance.now() - begun;
  if (Date.now() > startAt) throw new Error("seeding took longer than planned; there is nothing to measure");
  sweeper.start();
  const beats = await beatUntil(ledger, order, { startAt, endAt: startAt + order.overMs });
  const lastAt = Date.now() + 20_000;
  while (delays.length < deadlines.size && Date.now() < lastAt) await pause(100);
  await sweeper.stop();
  return { delays, seedMs, openMs, beats };
}

/** Meanwhile the others beat once a minute, in the groups that one turn of the server's loop would take together. */
async function beatUntil(
  ledger: Ledger,
  order: DetectionOrder,
  { startAt, endAt }: { readonly startAt: Ms; readonly endAt: Ms },
): Promise<number> {
  const others = order.agents - order.silent;
  await pause(Math.max(0, startAt - Date.now()));
  let beats = 0;
  while (Date.now() < endAt) {
    const due = Math.floor(((Date.now() - startAt) / MINUTE) * others);
    const jobs: Parameters<Ledger["commit"]>[0][number][] = [];
    for (; beats < due && jobs.length < perCommit; beats += 1) {
      const name = nameOf(order.silent + (beats % others));
      jobs.push({ name, events: [beatOf(name, Date.now())], registerAt: null });
    }
    if (jobs.length > 0) await ledger.commit(jobs);
    await pause(5);
  }
  return beats;
}

/** Writes all agents; those that fall silent come first. Gives the silent ones' deadlines. */
async function seed(store: Store, order: DetectionOrder, startAt: Ms): Promise<ReadonlyMap<string, Ms>> {
  const { agents, silent, overMs } = order;
  const deadlines = new Map<string, Ms>();
  for (let first = 0; first < agents; first += perCommit) {
    const writes: AgentWrite[] = [];
    for (let index = first; index < Math.min(agents, first + perCommit); index += 1) {
      if (index < silent) {
        const deadline = startAt + Math.floor((index / silent) * overMs);
        deadlines.set(nameOf(index), deadline);
        writes.push(silentAgent(nameOf(index), deadline));
      } else {
        // Its last beat came a moment ago; the deadline in the index is of an earlier one, and comes due within a minute.
        writes.push(beatingAgent(nameOf(index), startAt, startAt + Math.floor(((index - silent) / agents) * MINUTE)));
      }
    }
    await store.fold(
      writes.map(({ name }) => name),
      () => ({ agents: writes, notices: () => [] }),
    );
  }
  return deadlines;
}

/** Up and in time so far, with one beat missed already, so that the next missed beat, at `deadline`, is an incident. */
function silentAgent(name: string, deadline: Ms): AgentWrite {
  const rules = defaultSettings;
  const beaten = after(name, deadline, rules);
  // Asked of the rules themselves: when is the second beat missed, and shift everything so that this is the deadline.
  const missed = step(beaten, { type: "tick", at: beaten.nextMissAt ?? deadline }, rules).state;
  const shift = deadline - (missed.nextMissAt ?? deadline);
  const state = step(
    after(name, deadline + shift, rules),
    { type: "tick", at: (beaten.nextMissAt ?? 0) + shift },
    rules,
  ).state;
  return write(state, nextDeadline(state, rules));
}

function beatingAgent(name: string, beatAt: Ms, storedDeadline: Ms): AgentWrite {
  return write(after(name, beatAt, defaultSettings), storedDeadline);
}

function after(name: string, at: Ms, settings: AgentSettings): AgentState {
  return step(newAgent(name, at, settings), beatOf(name, at), settings).state;
}

function write(state: AgentState, deadline: Ms | null): AgentWrite {
  return { name: state.name, state, deadline, moveDeadline: true, beats: [], history: [], incidents: [] };
}

function beatOf(agent: string, at: Ms): AgentEvent {
  const parsed = parseBeat({ agent, status: "ok", tokens_used: 1_800, run_id: "bench", interval_s: 60 });
  if (!parsed.ok) throw new Error("a beat of the benchmark is not valid");
  const identity = { by: "none" } as const;
  return { type: "beat", at, beat: parsed.beat, identity, via: "direct", costUsdMicros: null, spooled: false };
}

function nameOf(index: number): string {
  return `bench-${index}`;
}
