// What is made of a unit's facts: whether it runs, how its last life ended, and what a person should know.

import { spellDuration, type OutOfMemory } from "@midwatch/core";
import type { Life, LifeEnd, Observation } from "../target/platform-driver.ts";
import type { MainProcess, UnitFacts } from "./unit-facts.ts";
import { explainSetUpFailure } from "./set-up-failure.ts";
import { nameOfSignal } from "./unit-journal.ts";

type Known = Extract<Observation, { known: true }>;

/** `command` is how systemd is told something here, as in `systemctl --user`. */
export function observeUnit(facts: UnitFacts, command: string): Observation {
  const running = runningLife(facts);
  const problem = running === null ? loadProblem(facts, command) : null;
  if (problem !== null) return { known: false, reason: problem };
  return {
    known: true,
    running,
    lastEnd: running === null ? lastEnd(facts) : null,
    // Also `auto-restart-queued` and `failed-before-auto-restart`, since version 254.
    restarting: facts.subState.includes("auto-restart"),
    remark: running === null ? remarkOf(facts, command) : null,
  } satisfies Known;
}

/**
 * It runs while its main process does; what that leaves behind is ended by systemd, or by the next start. Of a daemon
 * that forked away systemd may know no main process.
 */
function runningLife({ main, activeState, subState, invocation }: UnitFacts): Life | null {
  const isRunning = main.pid !== null || (activeState === "active" && subState === "running");
  if (!isRunning) return null;
  return { pid: main.pid, token: invocation === "" ? `started ${String(main.startedAt)}` : invocation };
}

/** Why systemd could not even try to start it, with what to do; null when it could. */
export function loadProblem({ unit, loadState, loadError }: UnitFacts, command: string): string | null {
  switch (loadState) {
    case "loaded":
    case "merged":
    case "stub":
      return null;
    case "not-found":
      return `systemd knows no unit ${unit}; \`${command} list-unit-files\` lists those it has. After adding its file: \`${command} daemon-reload\`.`;
    case "masked":
      return `the unit ${unit} is masked, so nobody can start it; to allow it again: \`${command} unmask ${unit}\`.`;
    default:
      return `systemd cannot use the file of the unit ${unit}${loadError === "" ? "" : ` (${loadError})`}; \`systemd-analyze${command.slice("systemctl".length)} verify ${unit}\` names the line. After mending it: \`${command} daemon-reload\`.`;
  }
}

function lastEnd(facts: UnitFacts): LifeEnd | null {
  const { main, inactiveAt, activeState } = facts;
  if (main.end !== null && !failedBeforeMain(facts)) {
    return { at: main.endedAt, ...codeAndSignal(main.end), oom: outOfMemory(facts) };
  }
  // A command before the main one has failed: an attempt without a life.
  return activeState === "failed" ? { at: inactiveAt, code: null, signal: null, oom: outOfMemory(facts) } : null;
}

/** The condition is looked at first in every attempt; a main process from before that belongs to an earlier one. */
function failedBeforeMain(facts: UnitFacts): boolean {
  const { main, conditionAt, activeState } = facts;
  if (activeState !== "failed" || hasGivenUp(facts)) return false;
  return main.startedAt === null || (conditionAt !== null && main.startedAt < conditionAt);
}

function codeAndSignal({ how, status }: NonNullable<MainProcess["end"]>): Pick<LifeEnd, "code" | "signal"> {
  return how === "exited" ? { code: status, signal: null } : { code: null, signal: nameOfSignal(status) };
}

function outOfMemory({ result }: UnitFacts): OutOfMemory | null {
  return result === "oom-kill" ? { confidence: "certain", seen: "systemd's result is oom-kill" } : null;
}

/** At the end of its restarts systemd leaves the result of the last one (measured: `exit-code`, not `start-limit-hit`). */
function hasGivenUp({ activeState, result, restarts, policy }: UnitFacts): boolean {
  if (result === "start-limit-hit") return true;
  return activeState === "failed" && policy.startLimitBurst > 0 && restarts >= policy.startLimitBurst;
}

function remarkOf(facts: UnitFacts, command: string): string | null {
  const { unit, policy, restarts, activeState, isConditionMet, conditionAt, main } = facts;
  const said = [whyItEnded(facts)];
  if (hasGivenUp(facts)) {
    const after = restarts > 0 ? ` after ${restarts} restarts of its own` : "";
    said.push(
      `systemd has given up on ${unit}${after} (at most ${policy.startLimitBurst} starts in ${spellDuration(policy.startLimitMs)}); Midwatch's next start clears that, by hand it is \`${command} reset-failed ${unit}\``,
    );
  }
  if (activeState === "inactive" && conditionAt !== null && !isConditionMet && conditionAt > (main.endedAt ?? 0)) {
    said.push(
      `a condition in the file of ${unit} is not met, so systemd skips it; \`${command} status ${unit}\` names it`,
    );
  }
  const words = said.filter((one) => one !== null);
  return words.length === 0 ? null : words.join("; ");
}

function whyItEnded(facts: UnitFacts): string | null {
  const { unit, result, main, policy } = facts;
  switch (result) {
    case "watchdog":
      return `systemd's watchdog ended ${unit}: no sign from it for ${spellDuration(policy.watchdogMs)} (WatchdogSec=)`;
    case "timeout":
      return `${unit} did not start or stop within systemd's own limit (TimeoutStartSec=, TimeoutStopSec=, RuntimeMaxSec=)`;
    case "protocol":
      return `${unit} did not do what its Type=${facts.type} promises, so systemd holds it for failed`;
    case "resources":
      return `systemd could not start ${unit} for want of something it needs, such as a file of its EnvironmentFile=`;
    case "core-dump":
      return `${unit} dumped its core; where systemd-coredump is installed, \`coredumpctl info ${unit}\` shows where it crashed`;
    case "exec-condition":
      return `the command of ExecCondition= in ${unit} said no, so systemd skips it`;
    default:
      if (failedBeforeMain(facts)) {
        return `a command that ${unit} runs before its program (ExecStartPre=) failed, so the program was not started`;
      }
      return main.end?.how === "exited" ? explainSetUpFailure(unit, main.end.status) : null;
  }
}
