// What was measured, as the rows of the table and as findings against what was aimed at.

import { median, quantile, spellMs, type Finding } from "../finding.ts";
import type { Hang } from "./hangs.ts";
import { isHere, type Installed } from "./keeper.ts";
import type { Delays } from "./kills.ts";
import type { AfterDeath } from "./own-death.ts";
import { hangWindowMs, loopWindowMs, type CrashLoop, type Troubled } from "./troubles.ts";
import type { Weight } from "./weights.ts";

type By<T> = ReadonlyMap<string, T>;

export interface Results {
  /** Midwatch first. */
  readonly peers: readonly Installed[];
  readonly load: { readonly before: number; readonly after: number };
  readonly seconds: number;
  readonly hung: readonly Hang[];
  readonly light: By<Weight>;
  readonly heavy: By<Weight>;
  readonly serverBytes: number;
  /** In percent of one core. */
  readonly idle: By<number>;
  readonly own: readonly number[];
  readonly delays: Delays;
  readonly deaths: By<readonly AfterDeath[]>;
  readonly troubled: By<Troubled>;
}

export interface Rows {
  readonly head: readonly string[];
  readonly rows: readonly (readonly string[])[];
  readonly notes: readonly string[];
}

const aims = { againMs: 100, noticedMs: 250, bytes: 75e6, percent: 0.5 } as const;

export function rowsOf(results: Results): Rows {
  const { peers, own, delays, hung, troubled, deaths, light, heavy, idle } = results;
  const row = <T>(what: string, of: By<T>, spell: (value: T, name: string) => string): readonly string[] => [
    what,
    ...peers.map(({ name }) => {
      const value = of.get(name);
      return value === undefined ? "not here" : spell(value, name);
    }),
  ];
  return {
    head: ["", ...peers.map(({ name }) => name)],
    rows: [
      row("killed → running again, median", delays, (all) => spellMs(median(all))),
      row("killed → running again, worst", delays, (all) => spellMs(Math.max(...all))),
      row("hang noticed", troubled, (one) =>
        one.hang === null ? spellNoticed(hung) : spellUnnoticed(one.hang.isSameProcess),
      ),
      row("hang: what it says of the agent", troubled, (one) => one.hang?.says ?? hung[0]?.says ?? ""),
      row("crashes at once: starts", troubled, ({ atOnce }) => spellLoop(atOnce)),
      row("crashes after 1.5 s: starts", troubled, ({ slowly }) => spellLoop(slowly)),
      row("left after stop", troubled, ({ family }) => `${family.left} of ${family.before}`),
      row("killed itself: agents live on", deaths, (all) => spellEach(all, spellLivedOn)),
      row("started again: agents", deaths, (all) => spellEach(all, spellReturned)),
      row("memory, 1 agent", light, spellDaemon),
      row("memory, 20 agents", heavy, spellDaemon),
      row("beside them, for 20 agents", heavy, ({ perAgentBytes }) => spellMb(perAgentBytes)),
      row("idle load, 20 agents", idle, spellPercent),
    ],
    notes: [
      `The agent's own start, from the spawn to its first line: median ${spellMs(median(own))}, worst ${spellMs(Math.max(...own))}.`,
      `A hang under Midwatch, past its deadline: noticed after ${hung.map(({ noticedMs }) => spellMs(noticedMs)).join(", ")}; with evidence taken, ended and running again after ${hung.map(({ againMs }) => spellSeconds(againMs)).join(", ")}.`,
      `Midwatch's server, which shows, alerts and reports and has no counterpart in the others, took ${spellMb(results.serverBytes)} beside it.`,
      ...peers.flatMap((peer) => (isHere(peer) ? [] : [`${peer.name} is not here: ${peer.missing}`])),
    ],
  };
}

export function findingsOf({ own, delays, hung, troubled, deaths, heavy, idle }: Results): readonly Finding[] {
  const again = median(delays.get("Midwatch") ?? []) - median(own);
  const noticed = quantile(
    hung.map(({ noticedMs }) => noticedMs),
    1,
  );
  const left = troubled.get("Midwatch")?.family.left ?? Infinity;
  const [death] = deaths.get("Midwatch") ?? [];
  const bytes = heavy.get("Midwatch")?.daemonBytes ?? Infinity;
  const percent = idle.get("Midwatch") ?? Infinity;
  const slowly = troubled.get("Midwatch")?.slowly;
  return [
    finding(
      "killed → running again, beyond the agent's own start, median",
      spellMs(again),
      "within 100 ms",
      again <= aims.againMs,
    ),
    finding(
      "hang noticed past its deadline, worst",
      spellMs(noticed),
      "within a sweep, 250 ms",
      noticed <= aims.noticedMs,
    ),
    finding(
      "a slow crash loop",
      slowly?.hasEnded === true ? "ended" : "goes on",
      "is ended",
      slowly?.hasEnded === true,
    ),
    finding("left after stop", String(left), "0", left === 0),
    finding(
      "taken over after its own death",
      death === undefined ? "nothing" : spellReturned(death),
      "all, no second copy",
      death !== undefined && isAllAdopted(death),
    ),
    finding("memory with 20 agents", spellMb(bytes), "under 75 MB", bytes < aims.bytes),
    finding("idle load with 20 agents", spellPercent(percent), "under 0.5 % of a core", percent < aims.percent),
  ];
}

function finding(what: string, measured: string, aim: string, met: boolean): Finding {
  return { what, measured, aim, met };
}

function isAllAdopted({ agents, same, doubled, isKept }: AfterDeath): boolean {
  return same === agents && doubled === 0 && isKept === true;
}

function spellNoticed(hung: readonly Hang[]): string {
  return `${spellMs(median(hung.map(({ noticedMs }) => noticedMs)))} past its deadline`;
}

function spellUnnoticed(isSameProcess: boolean): string {
  return isSameProcess ? `not within ${hangWindowMs / 1_000} s` : "ended or started anew";
}

function spellLoop({ starts, hasEnded }: CrashLoop): string {
  return `${starts} in ${loopWindowMs / 1_000} s, ${hasEnded ? "ended" : "goes on"}`;
}

function spellEach(all: readonly AfterDeath[], spell: (one: AfterDeath) => string): string {
  return all.map((one) => `${one.how === "" || all.length === 1 ? "" : `${one.how}: `}${spell(one)}`).join("; ");
}

function spellLivedOn({ livedOn, agents }: AfterDeath): string {
  return `${livedOn} of ${agents}`;
}

function spellReturned(death: AfterDeath): string {
  const { agents, same, doubled, gone, isKept, how } = death;
  if (isAllAdopted(death)) return `all ${agents} taken over`;
  const parts = [
    same === 0 ? `all ${agents - gone} started anew` : null,
    same > 0 && isKept === true ? `${same} taken over` : null,
    same > 0 && isKept === false ? `${same} run on unkept` : null,
    doubled > 0 ? `a second copy beside ${doubled}` : null,
    gone > 0 ? `${gone} gone` : null,
  ].filter((part) => part !== null);
  return `${parts.join(", ")}${how.startsWith("`pm2") ? ` (${how})` : ""}`;
}

function spellDaemon({ daemonBytes }: Weight): string {
  return spellMb(daemonBytes);
}

function spellMb(bytes: number): string {
  return `${(bytes / 1e6).toFixed(0)} MB`;
}

function spellPercent(percent: number): string {
  return `${percent.toFixed(2)} %`;
}

function spellSeconds(ms: number): string {
  return `${(ms / 1_000).toFixed(1)} s`;
}
