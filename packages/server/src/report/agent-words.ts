import { DAY, MINUTE, SECOND, spellCount, spellDuration } from "@midwatch/core";
import type { AgentReportView, OpenIncidentView, PatternView, ReportView } from "@midwatch/protocol";
import { dayTable, modelTable, usageOf } from "./cost-words.ts";
import type { LocalTimes } from "./local-times.ts";
import { line } from "./report-lines.ts";
import { spellHours, spellPercent, spellTimes } from "./spell-amounts.ts";
import { answersOf, endingOf, standingOf, type Section, type Table } from "./section.ts";

/** One agent: its five answers, its patterns, and, where the report is about it alone, what it cost. */
export function agentSection(agent: AgentReportView, report: ReportView, times: LocalTimes): Section {
  const { alive, restarts, events, recovered, open, liveness } = agent;
  const failed = restarts.filter(({ outcome }) => outcome === "failed").length;
  const waiting = open.filter(({ needs_human: needsHuman }) => needsHuman);
  return {
    title: `${line(agent.name)}${liveness === "process" ? " (only its process is watched, not its loop)" : ""}`,
    agent: agent.name,
    answers: answersOf(report.period, [
      [aliveOf(agent), alive.verdict === "no", aliveLines(agent, times)],
      [
        restarts.length === 0 ? "none" : `${spellCount(restarts.length)}${failed > 0 ? `, ${failed} failed` : ""}`,
        failed > 0,
        restarts.map((restart) => restartLine(restart, times)),
      ],
      [costOf(agent, report), agent.cost.left === "above" || agent.cost.left === "below", []],
      [
        events.length === 0 ? "none" : spellCount(events.length),
        events.length > 0,
        events.map(
          ({ at, ended_at: endedAt, kind, text }) =>
            `${endedAt === null ? times.at(at) : times.span(at, endedAt)}  ${kind}: ${text}`,
        ),
      ],
      [
        endingOf({ waiting: waiting.length, mending: open.length - waiting.length, recovered: recovered.length }),
        waiting.length > 0,
        [
          ...open.map((incident) => incidentLine(incident, times)),
          ...recovered.map(
            ({ since, resolved_at: resolvedAt, title, by }) =>
              `${times.span(since, resolvedAt)}  ${title}; recovered ${by === "restart" ? "by a restart" : "by itself"}`,
          ),
        ],
      ],
    ]),
    patterns: agent.patterns.map(plainPattern),
    tables: tablesOf(agent, report),
  };
}

function tablesOf(agent: AgentReportView, { agent: only, period }: ReportView): readonly Table[] {
  if (only === null) return [];
  const days = period === "day" ? null : dayTable("Day by day", agent.days);
  return [modelTable("Cost by model", agent.models), days].filter((table) => table !== null);
}

function plainPattern(pattern: PatternView): PatternView {
  const { title, evidence, next } = pattern;
  return { ...pattern, title: line(title), evidence: evidence.map(line), next: line(next) };
}

function aliveLines({ alive }: AgentReportView, times: LocalTimes): readonly string[] {
  const outages = alive.outages.map(({ from, to, duration_s: down, unseen_s: unseen, cause }) => {
    const note = unseen > 0 ? `, ${spellDuration(unseen * SECOND)} of it unseen and not charged` : "";
    return `${times.span(from, to)}  ${spellDuration(down * SECOND)}  ${cause}${note}`;
  });
  const unseen = alive.unseen.map(
    ({ from, to }) => `${times.span(from, to)}  ${spellDuration(Date.parse(to) - Date.parse(from))}  nobody watched`,
  );
  return [...outages, ...unseen];
}

function aliveOf({ alive }: AgentReportView): string {
  const { verdict, availability } = alive;
  const time = (is: string): number => (alive.time_s[is] ?? 0) * SECOND;
  const [dueMs, observedMs] = [alive.due_s * SECOND, alive.observed_s * SECOND];
  switch (verdict) {
    case "yes":
      return time("before") > 0 && dueMs < DAY - MINUTE
        ? `yes, since it was first seen (${spellDuration(dueMs)})`
        : "yes";
    case "while-observed":
      return `yes, while observed (${spellHours(observedMs)} of ${spellHours(dueMs)})`;
    case "no":
      return `no: up ${spellPercent(availability ?? 0)} of ${spellHours(time("up") + time("down"))}, down ${spellDuration(time("down"))}`;
    case "not-running": {
      const idle =
        (["paused", "stopped", "waiting", "unknown"] as const).toSorted((a, b) => time(b) - time(a))[0] ?? "stopped";
      const words = {
        paused: "paused",
        stopped: "stopped",
        waiting: "waiting for its first beat",
        unknown: "not seen",
      };
      return `it was not running: ${words[idle]} for ${spellHours(time(idle))}`;
    }
  }
}

function restartLine(restart: AgentReportView["restarts"][number], times: LocalTimes): string {
  const { at, by, who, reason, cause, attempt, outcome } = restart;
  const whose =
    by === "supervisor"
      ? "by its supervisor"
      : by === "person"
        ? `by ${who ?? "a person"}`
        : "a new run began, and nobody here started it";
  const count = attempt !== null && attempt > 0 ? `, attempt ${attempt}` : "";
  const told = reason ?? (by === "person" ? null : cause);
  const why = told === null ? "" : `: ${told}`;
  const ending = { succeeded: "", failed: " – it failed", undecided: " – not proven yet at the end" }[outcome];
  return `${times.at(at)}  ${whose}${count}${why}${ending}`;
}

function costOf({ cost }: AgentReportView, { before_days: days }: ReportView): string {
  const { left, tokens_per_cycle: tokensPerCycle } = cost;
  const before = `the ${days} days before`;
  const compared = [
    cost.times_baseline === null ? null : `${spellTimes(cost.times_baseline)} its baseline`,
    cost.times_before === null ? null : `${spellTimes(cost.times_before)} ${before}`,
    cost.cost_times_before === null ? null : `cost ${spellTimes(cost.cost_times_before)} ${before}`,
  ].filter((one) => one !== null);
  if (tokensPerCycle === null) return usageOf(cost);
  const verdict = { no: "yes", above: "no, above it", below: "no, below it", unclear: "too little to compare" }[left];
  const against = compared.length === 0 ? "" : ` (${compared.join(", ")})`;
  return `${verdict}: ${spellCount(tokensPerCycle)} tokens a cycle${against}; ${usageOf(cost)}`;
}

function incidentLine(incident: OpenIncidentView, times: LocalTimes): string {
  const { kind, title, text, since } = incident;
  return `since ${times.at(since)}  ${kind} (${standingOf(incident)}): ${title}. ${text}`;
}
