// What in a unit's file fights with Midwatch, or does not do what its author thinks. Each is a sentence that says it, and what to
// change. A limit that never applies is not mentioned.

import { spellDuration, type DurationMs } from "@midwatch/core";
import type { UnitFacts } from "./unit-facts.ts";

export interface UnitFile {
  readonly facts: UnitFacts;
  /** All of it, drop-ins too, as `systemctl cat` prints it. */
  readonly text: string;
  /** As in `systemctl --user`. */
  readonly command: string;
  /** How long the agent was promised between being asked to stop and being killed; null where nothing is known of it. */
  readonly stopGraceMs: DurationMs | null;
}

export function unitConflicts(file: UnitFile): readonly string[] {
  return [
    ownRestarts(file),
    ignoredStartLimit(file),
    leftProcesses(file),
    hastyStop(file),
    ownWatchdog(file),
    otherStarters(file),
    staleFile(file),
  ].filter((conflict) => conflict !== null);
}

function ownRestarts({ facts, command }: UnitFile): string | null {
  const { restart } = facts.policy;
  if (restart === "" || restart === "no") return null;
  return `systemd restarts ${facts.unit} by itself (Restart=${restart}), beside Midwatch, and ${itsEnd(facts)}. Leave that to Midwatch: ${dropIn(facts, command, "Service", "Restart=no")}`;
}

/** What becomes of a crash loop that systemd alone looks after. */
function itsEnd({ policy: { restartMs, startLimitBurst: burst, startLimitMs } }: UnitFacts): string {
  if (startLimitMs === 0 || burst === 0) return "never stops doing so, however often it crashes";
  const spell = `${burst} starts in ${spellDuration(startLimitMs)}`;
  return restartMs * burst < startLimitMs
    ? `gives up on it for good, without telling anybody, at more than ${spell}`
    : `never stops doing so: with RestartSec=${spellDuration(restartMs)} its limit of ${spell} cannot be reached`;
}

/** The limit was moved to `[Unit]`; its name of today is ignored in `[Service]`, with a line in the journal that nobody reads. */
function ignoredStartLimit({ facts, text, command }: UnitFile): string | null {
  const { restart } = facts.policy;
  if (restart === "no" || settingIn(text, "Service", "StartLimitIntervalSec") === null) return null;
  return `systemd ignores StartLimitIntervalSec= in [Service] of ${facts.unit}, so its own limit of ${spellDuration(facts.policy.startLimitMs)} holds. Move it to [Unit]: \`${command} edit --full ${facts.unit}\`.`;
}

function leftProcesses({ facts, command }: UnitFile): string | null {
  const { killMode } = facts.policy;
  if (killMode !== "process" && killMode !== "none") return null;
  return `systemd leaves what ${facts.unit} has started running when it is stopped (KillMode=${killMode}), and the next run gets company. Let it stop all: ${dropIn(facts, command, "Service", "KillMode=control-group")}`;
}

function hastyStop({ facts, command, stopGraceMs }: UnitFile): string | null {
  const { stopMs } = facts.policy;
  if (stopGraceMs === null || stopMs === 0 || stopMs >= stopGraceMs) return null;
  const seconds = Math.ceil(stopGraceMs / 1_000);
  return `systemd kills ${facts.unit} ${spellDuration(stopMs)} after asking it to stop (TimeoutStopSec=), before the ${spellDuration(stopGraceMs)} that Midwatch promises it. Give it the time: ${dropIn(facts, command, "Service", `TimeoutStopSec=${seconds}`)}`;
}

/** Systemd shows the time of a watchdog only while it runs. */
function ownWatchdog({ facts, text }: UnitFile): string | null {
  const { restart } = facts.policy;
  const set = settingIn(text, "Service", "WatchdogSec");
  if (set === null || set === "" || set === "0") return null;
  const who = restart === "no" || restart === "" ? "Midwatch then restarts it" : "restarts it itself";
  return `systemd's watchdog kills ${facts.unit} when it gives no sign for a while (WatchdogSec=${set}), and ${who}. That may stay; where Midwatch alone is to judge, remove WatchdogSec=.`;
}

function otherStarters({ facts, command }: UnitFile): string | null {
  const [first, ...more] = facts.policy.startedBy;
  if (first === undefined) return null;
  const names = [first, ...more.slice(0, 4)].join(", ");
  return `${facts.unit} is also started by ${names}. Where Midwatch is to decide that: \`${command} disable --now ${[first, ...more.slice(0, 4)].join(" ")}\`.`;
}

function staleFile({ facts, command }: UnitFile): string | null {
  if (!facts.policy.needsReload) return null;
  return `the file of ${facts.unit} was changed, and systemd still goes by the old one. Tell it: \`${command} daemon-reload\`.`;
}

function dropIn({ unit }: UnitFacts, command: string, section: string, setting: string): string {
  return `\`${command} edit ${unit}\`, and write the two lines \`[${section}]\` and \`${setting}\`.`;
}

/** The value that holds, which is the last one given; null where there is none. */
function settingIn(text: string, section: string, name: string): string | null {
  let current = "";
  let value: string | null = null;
  for (const line of text.split("\n")) {
    current = /^\s*\[([^\]]*)\]\s*$/.exec(line)?.[1] ?? current;
    const [, key, given = ""] = /^\s*([A-Za-z]+)\s*=\s*(.*?)\s*$/.exec(line) ?? [];
    if (current === section && key === name) value = given;
  }
  return value;
}
