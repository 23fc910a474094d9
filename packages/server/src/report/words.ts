// A report in words, before it is text, Markdown, HTML or mail: five questions with an answer and a few lines each, always in the
// same order, so that a reader finds the same thing at the same place every morning; then the slow patterns, then what it cost.

import { spellCount, upperFirst } from "@midwatch/core";
import type { FleetReportView, ReportView } from "@midwatch/protocol";
import { agentSection } from "./agent-words.ts";
import { agentTable, dayTable, modelTable, usageOf } from "./cost-words.ts";
import { localTimes, type LocalTimes } from "./local-times.ts";
import { periodNames } from "./report-span.ts";
import { line, listNames, spellAgents } from "./report-lines.ts";
import { answersOf, endingOf, standingOf, type Answer, type Section } from "./section.ts";
import { spellPercent, spellSome } from "./spell-amounts.ts";
import { byUrgency } from "./view.ts";

export interface ReportWords {
  /** "Daily report for Tuesday, 24 November 2026 (Europe/Berlin)" */
  readonly heading: string;
  /** One sentence that says it all; in a quiet period there is nothing else. */
  readonly summary: string;
  /** What a reader must know about this report itself: made too early, revised. */
  readonly notes: readonly string[];
  readonly sections: readonly Section[];
  /** "Quiet: alpha, beta and 3 more"; null when no agent was. */
  readonly quiet: string | null;
}

/** Agents that get a section of their own; the others are named. */
const maxSections = 100;

export function reportWords(report: ReportView): ReportWords {
  const { agent, period, fleet, sent, revised } = report;
  const times = localTimes(report);
  const telling = agent === null ? byUrgency(report.agents) : report.agents;
  const left = telling.slice(maxSections).map(({ name }) => name);
  const notes = [
    ...(report.until < report.to
      ? [`The ${period} is not over: this tells of it up to ${times.at(report.until)}.`]
      : []),
    ...(sent && revised
      ? [`Revised: what is known of this ${period} has changed since the report was sent (${times.full(sent.at)}).`]
      : []),
    ...(left.length > 0 ? [`No room here for ${listNames(left)}; the data has them.`] : []),
  ];
  const isOneLine = report.quiet && agent === null && period === "day";
  const sections = telling.slice(0, maxSections).map((one) => agentSection(one, report, times));
  const about = agent === null ? "" : `${line(agent)}: `;
  return {
    heading: `${about}${upperFirst(periodNames[period])} report for ${times.period} (${report.time_zone})`,
    summary: summaryOf(report),
    notes,
    sections: isOneLine
      ? []
      : agent === null
        ? [fleetSection(fleet, report, times), ...sections, ...costSection(report)]
        : sections,
    quiet:
      report.quiet || agent !== null || report.quiet_agents.length === 0
        ? null
        : `Quiet: ${listNames(report.quiet_agents)}`,
  };
}

/** One sentence for a subject line or a phone. */
export function summaryOf({ fleet, quiet, period }: ReportView): string {
  if (fleet.agents === 0) return "no agent was known";
  if (quiet) {
    const running = fleet.agents - fleet.alive["not-running"];
    const alive = running === 0 ? "none was running" : `${spellAgents(running)} alive the whole ${period}`;
    return `a quiet ${period}: ${alive}, no restarts, nothing open; ${usageOf(fleet.usage)}`;
  }
  const found = [
    fleet.needs_human.length > 0 ? `${spellCount(fleet.needs_human.length)} open for a human` : "nobody is needed",
    fleet.alive.no > 0 ? `${spellCount(fleet.alive.no)} of ${spellAgents(fleet.agents)} down for a while` : null,
    fleet.restarts > 0 ? spellSome(fleet.restarts, "restart") : null,
    fleet.left_baseline.length > 0 ? `${spellCount(fleet.left_baseline.length)} off their usual cost` : null,
    fleet.events > 0 ? spellSome(fleet.events, "loop, budget or cooldown event") : null,
    fleet.patterns.length > 0 ? spellSome(fleet.patterns.length, "slow pattern") : null,
  ];
  return found.filter((one) => one !== null).join(", ");
}

function fleetSection(fleet: FleetReportView, report: ReportView, times: LocalTimes): Section {
  return {
    title: "All agents",
    agent: null,
    answers: fleetAnswers(fleet, report, times),
    // Told with the agents that have them.
    patterns: [],
    tables: [],
  };
}

/** Last: it is looked up, while the rest is read. */
function costSection(report: ReportView): readonly Section[] {
  const { fleet, period } = report;
  const tables = [
    modelTable("By model", fleet.models),
    ...(period === "day"
      ? []
      : [agentTable("By agent, most expensive first", report), dayTable("Day by day", fleet.days)]),
  ].filter((table) => table !== null);
  return tables.length === 0 ? [] : [{ title: "What it cost", agent: null, answers: [], patterns: [], tables }];
}

function fleetAnswers(fleet: FleetReportView, { period }: ReportView, times: LocalTimes): readonly Answer[] {
  const { alive: verdicts, needs_human: needsHuman } = fleet;
  const alive = [
    `${spellCount(verdicts.yes)} of ${spellAgents(fleet.agents)}`,
    verdicts["while-observed"] > 0 ? `${spellCount(verdicts["while-observed"])} more while observed` : null,
    verdicts["not-running"] > 0 ? `${spellCount(verdicts["not-running"])} not running` : null,
    fleet.availability === null ? null : `up ${spellPercent(fleet.availability)} of the time that counts`,
  ];
  const failed = fleet.failed_restarts > 0 ? `, ${spellCount(fleet.failed_restarts)} failed` : "";
  const left = fleet.left_baseline.length > 0 ? `left by ${listNames(fleet.left_baseline)}` : "kept";
  const alerts = fleet.alerts.map(({ kind, count }) => `${kind} ${spellCount(count)}`).join(", ");
  return answersOf(period, [
    [alive.filter((one) => one !== null).join("; "), verdicts.no > 0, []],
    [fleet.restarts === 0 ? "none" : `${spellCount(fleet.restarts)}${failed}`, fleet.failed_restarts > 0, []],
    [`${left}; ${usageOf(fleet.usage)}`, fleet.left_baseline.length > 0, []],
    [fleet.events === 0 ? "none" : spellCount(fleet.events), fleet.events > 0, []],
    [
      endingOf({ waiting: needsHuman.length, mending: 0, recovered: fleet.recovered }),
      needsHuman.length > 0,
      [
        ...needsHuman.map(
          ({ agent, kind, since, ...incident }) =>
            `${agent}  ${kind} (${standingOf(incident)}) since ${times.at(since)}`,
        ),
        ...(period !== "day" && alerts !== "" ? [`alerts by kind  ${alerts}`] : []),
      ],
    ],
  ]);
}
