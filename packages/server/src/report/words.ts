// A report in words, before it is text or HTML: five questions with an answer and a few lines each, always in the same order,
// so that a reader finds the same thing at the same place every morning. Whatever comes from an agent is one plain line
// here already; who writes HTML still has to escape it.

import {
  DAY,
  MINUTE,
  spellCount,
  spellDuration,
  spellUsd,
  type AgentReport,
  type Report,
  type FleetReport,
  type OpenIncident,
  type Restart,
} from "@midwatch/core";
import { oneLine } from "../message-text.ts";
import { spellHours, spellPercent, spellSome, spellTimes } from "./spell-amounts.ts";
import { localTimes, type LocalTimes } from "./local-times.ts";
import type { MadeReport } from "./index.ts";

export interface ReportWords {
  /** "Daily report for Tuesday, 24 November 2026 (Europe/Berlin)" */
  readonly heading: string;
  /** One sentence that says it all; on a quiet day there is nothing else. */
  readonly summary: string;
  /** What a reader must know about this report itself: made too early, revised. */
  readonly notes: readonly string[];
  readonly sections: readonly Section[];
  /** "Quiet: alpha, beta and 3 more"; null when no agent was. */
  readonly quiet: string | null;
}

export interface Section {
  readonly title: string;
  readonly answers: readonly Answer[];
}

export interface Answer {
  readonly question: string;
  readonly answer: string;
  /** What a reader should look at. */
  readonly notable: boolean;
  readonly lines: readonly string[];
}

/** Agents that get a section of their own; the others are named. */
const maxSections = 100;
const maxNamed = 50;
/** Lines under one answer; an agent that crashes all day has thousands. */
const maxLines = 12;
const maxLineLength = 600;

export function reportWords({ report, sent, revised }: MadeReport): ReportWords {
  const times = localTimes(report);
  const telling = report.agents.filter((agent) => !agent.quiet).toSorted((a, b) => urgency(a) - urgency(b));
  const notes = [
    ...(report.until < report.to ? [`The day is not over: this tells of it up to ${times.at(report.until)}.`] : []),
    ...(sent && revised
      ? [`Revised: what is known of this day has changed since the report was sent (${times.full(sent.at)}).`]
      : []),
  ];
  const left = telling.slice(maxSections).map(({ name }) => name);
  const sections = telling.slice(0, maxSections).map((agent) => agentSection(agent, times));
  const quiet = report.agents.filter((agent) => agent.quiet).map(({ name }) => name);
  return {
    heading: `Daily report for ${times.day} (${report.zone})`,
    summary: summaryOf(report),
    notes: left.length === 0 ? notes : [...notes, `No room here for ${listNames(left)}; the data has them.`],
    sections: report.quiet ? [] : [fleetSection(report.fleet, times), ...sections],
    quiet: report.quiet || quiet.length === 0 ? null : `Quiet: ${listNames(quiet)}`,
  };
}

/** One sentence for a subject line or a phone. */
export function summaryOf(report: Report): string {
  const { fleet, quiet } = report;
  if (fleet.agents === 0) return "no agent was known";
  if (quiet) {
    const running = fleet.agents - fleet.verdicts["not-running"];
    const alive = running === 0 ? "none was running" : `${spellAgents(running)} alive the whole day`;
    return `a quiet day: ${alive}, no restarts, nothing open; ${usageOf(fleet)}`;
  }
  const found = [
    fleet.needsHuman.length > 0 ? `${spellCount(fleet.needsHuman.length)} open for a human` : "nobody is needed",
    fleet.verdicts.no > 0 ? `${spellCount(fleet.verdicts.no)} of ${spellAgents(fleet.agents)} down for a while` : null,
    fleet.restarts > 0 ? spellSome(fleet.restarts, "restart") : null,
    fleet.leftBaseline.length > 0 ? `${spellCount(fleet.leftBaseline.length)} off their usual cost` : null,
    fleet.events > 0 ? spellSome(fleet.events, "loop, budget or cooldown event") : null,
  ];
  return found.filter((one) => one !== null).join(", ");
}

function urgency({ open, alive }: AgentReport): number {
  if (open.some(({ needsHuman }) => needsHuman)) return 0;
  return alive.verdict === "no" ? 1 : 2;
}

function fleetSection(fleet: FleetReport, times: LocalTimes): Section {
  const { verdicts, needsHuman } = fleet;
  const alive = [
    `${spellCount(verdicts.yes)} of ${spellAgents(fleet.agents)}`,
    verdicts["while-observed"] > 0 ? `${spellCount(verdicts["while-observed"])} more while observed` : null,
    verdicts["not-running"] > 0 ? `${spellCount(verdicts["not-running"])} not running` : null,
    fleet.availability === null ? null : `up ${spellPercent(fleet.availability)} of the time that counts`,
  ];
  const failed = fleet.failedRestarts > 0 ? `, ${spellCount(fleet.failedRestarts)} failed` : "";
  const left = fleet.leftBaseline.length > 0 ? `left by ${listNames(fleet.leftBaseline)}` : "kept";
  return {
    title: "All agents",
    answers: answersOf([
      [alive.filter((one) => one !== null).join("; "), verdicts.no > 0, []],
      [fleet.restarts === 0 ? "none" : `${spellCount(fleet.restarts)}${failed}`, fleet.failedRestarts > 0, []],
      [`${left}; ${usageOf(fleet)}`, fleet.leftBaseline.length > 0, []],
      [fleet.events === 0 ? "none" : spellCount(fleet.events), fleet.events > 0, []],
      [
        endingOf({ waiting: needsHuman.length, mending: 0, recovered: fleet.recovered }),
        needsHuman.length > 0,
        needsHuman.map(
          ({ agent, incident: { kind, since, ...incident } }) =>
            `${agent}  ${kind} (${stateOf(incident)}) since ${times.at(since)}`,
        ),
      ],
    ]),
  };
}

function agentSection(agent: AgentReport, times: LocalTimes): Section {
  const { alive, restarts, events, recovered, open, liveness } = agent;
  const failed = restarts.filter(({ outcome }) => outcome === "failed").length;
  const waiting = open.filter(({ needsHuman }) => needsHuman);
  const outages = alive.outages.map(({ from, to, ms, unseenMs, cause }) => {
    const unseen = unseenMs > 0 ? `, ${spellDuration(unseenMs)} of it unseen and not charged` : "";
    return `${times.span(from, to)}  ${spellDuration(ms)}  ${cause}${unseen}`;
  });
  const unseen = alive.unseen.map(
    ({ from, to }) => `${times.span(from, to)}  ${spellDuration(to - from)}  nobody watched`,
  );
  return {
    title: `${agent.name}${liveness === "process" ? " (only its process is watched, not its loop)" : ""}`,
    answers: answersOf([
      [aliveOf(agent), alive.verdict === "no", [...outages, ...unseen]],
      [
        restarts.length === 0 ? "none" : `${spellCount(restarts.length)}${failed > 0 ? `, ${failed} failed` : ""}`,
        failed > 0,
        restarts.map((restart) => restartLine(restart, times)),
      ],
      [costOf(agent), agent.cost.left === "above" || agent.cost.left === "below", []],
      [
        events.length === 0 ? "none" : spellCount(events.length),
        events.length > 0,
        events.map(
          ({ at, endedAt, kind, text }) =>
            `${endedAt === null ? times.at(at) : times.span(at, endedAt)}  ${kind}: ${text}`,
        ),
      ],
      [
        endingOf({ waiting: waiting.length, mending: open.length - waiting.length, recovered: recovered.length }),
        waiting.length > 0,
        [
          ...open.map((incident) => incidentLine(incident, times)),
          ...recovered.map(
            ({ since, resolvedAt, title, by }) =>
              `${times.span(since, resolvedAt)}  ${title}; recovered ${by === "restart" ? "by a restart" : "by itself"}`,
          ),
        ],
      ],
    ]),
  };
}

/** The questions never change; only their answers do. */
const questions = [
  "Alive the whole day?",
  "Restarts",
  "Usual cost",
  "Loops, budgets, cooldowns",
  "Needs a human?",
] as const;

function answersOf(
  found: readonly (readonly [answer: string, notable: boolean, lines: readonly string[]])[],
): Answer[] {
  return found.map(([answer, notable, lines], index) => {
    const shown = lines.slice(0, maxLines);
    const more = lines.length - shown.length;
    return {
      question: `${index + 1}. ${questions[index] ?? ""}`,
      answer: line(answer),
      notable,
      lines: [...shown.map(line), ...(more > 0 ? [`and ${spellCount(more)} more`] : [])],
    };
  });
}

function aliveOf({ alive }: AgentReport): string {
  const { verdict, availability, time, dueMs, observedMs } = alive;
  switch (verdict) {
    case "yes":
      return time.before > 0 && dueMs < DAY - MINUTE ? `yes, since it was first seen (${spellDuration(dueMs)})` : "yes";
    case "while-observed":
      return `yes, while observed (${spellHours(observedMs)} of ${spellHours(dueMs)})`;
    case "no":
      return `no: up ${spellPercent(availability ?? 0)} of ${spellHours(time.up + time.down)}, down ${spellDuration(time.down)}`;
    case "not-running": {
      const idle =
        (["paused", "stopped", "waiting", "unknown"] as const).toSorted((a, b) => time[b] - time[a])[0] ?? "stopped";
      const words = {
        paused: "paused",
        stopped: "stopped",
        waiting: "waiting for its first beat",
        unknown: "not seen",
      };
      return `it was not running: ${words[idle]} for ${spellHours(time[idle])}`;
    }
  }
}

function restartLine({ at, by, who, reason, cause, attempt, outcome }: Restart, times: LocalTimes): string {
  const whose =
    by === "supervisor"
      ? "by its supervisor"
      : by === "person"
        ? `by ${who ?? "a person"}`
        : "a new run began, and nobody here started it";
  const count = attempt !== null && attempt > 0 ? `, attempt ${attempt}` : "";
  const told = reason ?? (by === "person" ? null : cause);
  const why = told === null ? "" : `: ${told}`;
  const ending = { succeeded: "", failed: " – it failed", undecided: " – not proven yet when the day ended" }[outcome];
  return `${times.at(at)}  ${whose}${count}${why}${ending}`;
}

function costOf({ cost }: AgentReport): string {
  const { left, tokensPerCycle, timesBaseline, timesBefore, costTimesBefore } = cost;
  const compared = [
    timesBaseline === null ? null : `${spellTimes(timesBaseline)} its baseline`,
    timesBefore === null ? null : `${spellTimes(timesBefore)} the last 7 days`,
    costTimesBefore === null ? null : `cost ${spellTimes(costTimesBefore)} the last 7 days`,
  ].filter((one) => one !== null);
  const cycle = tokensPerCycle === null ? null : `${spellCount(tokensPerCycle)} tokens a cycle`;
  const verdict = { no: "yes", above: "no, above it", below: "no, below it", unclear: "too little to compare" }[left];
  if (cycle === null) return usageOf(cost);
  const against = compared.length === 0 ? "" : ` (${compared.join(", ")})`;
  return `${verdict}: ${cycle}${against}; ${usageOf(cost)}`;
}

function usageOf({
  tokens,
  cycles,
  costUsdMicros,
  unpricedBeats,
}: Pick<FleetReport, "tokens" | "cycles" | "costUsdMicros" | "unpricedBeats">): string {
  if (tokens === 0) return "no tokens used";
  const money = costUsdMicros === null ? "unpriced" : spellUsd(costUsdMicros);
  const missing =
    costUsdMicros !== null && unpricedBeats > 0 ? ` and ${spellSome(unpricedBeats, "unpriced beat")}` : "";
  return `${spellCount(tokens)} tokens in ${spellSome(cycles, "cycle")}, ${money}${missing}`;
}

function endingOf(count: { readonly waiting: number; readonly mending: number; readonly recovered: number }): string {
  const { waiting, mending, recovered } = count;
  const found = [
    waiting > 0 ? `yes: ${spellCount(waiting)} open` : "no",
    mending > 0 ? `${spellCount(mending)} being mended` : null,
    recovered > 0 ? `${spellCount(recovered)} recovered by itself` : null,
  ];
  return found.filter((one) => one !== null).join("; ");
}

function incidentLine(incident: OpenIncident, times: LocalTimes): string {
  const { kind, title, text, since } = incident;
  return `since ${times.at(since)}  ${kind} (${stateOf(incident)}): ${title}. ${text}`;
}

function stateOf(incident: Pick<OpenIncident, "severity" | "acknowledged" | "needsHuman">): string {
  if (!incident.needsHuman) return "being mended";
  return incident.acknowledged ? "acknowledged" : incident.severity;
}

function line(text: string): string {
  // Two spaces part the columns of a line and are ours; within a column what an agent wrote is one plain line.
  const plain = text.split("  ").map(oneLine).join("  ");
  return plain.length > maxLineLength ? `${plain.slice(0, maxLineLength - 1)}…` : plain;
}

function listNames(names: readonly string[]): string {
  const named = names.slice(0, maxNamed).map(oneLine).join(", ");
  return names.length > maxNamed ? `${named} and ${spellCount(names.length - maxNamed)} more` : named;
}

function spellAgents(count: number): string {
  return spellSome(count, "agent");
}
