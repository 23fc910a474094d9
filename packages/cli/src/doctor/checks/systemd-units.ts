// What a unit of systemd does when its process dies again and again, and when it is stopped. Measured (systemd 252):
// `Restart=always` alone restarts five times in 1.2 s and then leaves the unit `failed` for good, saying nothing to anybody;
// with `StartLimitIntervalSec=0` it goes on for ever, without a pause. Two seconds between starts and no limit is neither.

import { spellDuration, upperFirst, type DurationMs } from "@midwatch/core";
import { check } from "../check.ts";
import type { UnitFacts } from "../probes/boot-units.ts";
import { longestStop, stopReserveMs } from "../stop-time.ts";
import { parseTimeSpan, parseUnitFile, type UnitFile } from "../probes/unit-file.ts";
import { bad, worthKnowing, type Remark } from "../remark.ts";

export interface SystemdFacts {
  readonly units: readonly UnitFacts[];
  /** What it may take to stop all agents, group after group. */
  readonly longestStopMs: DurationMs;
}

const shortestPauseMs = 1_000;

export const systemdUnits = check<SystemdFacts>({
  name: "systemd",
  probe: async (world) => ({
    units: await world.units(),
    longestStopMs: longestStop(world.config.agents),
  }),
  judge: ({ units, longestStopMs }) => units.flatMap((unit) => judgeUnit(unit, longestStopMs)),
});

export function judgeUnit(unit: UnitFacts, longestStopMs: DurationMs): readonly Remark[] {
  const file = parseUnitFile(unit.text);
  const policy = policyOf(unit, file);
  return [
    ...gaveUp(unit, policy),
    ...ignoredLimit(unit, file),
    ...restarting(unit, policy),
    ...stopping(unit, policy, longestStopMs),
    ...booting(unit),
  ];
}

interface UnitPolicy {
  readonly restart: string;
  readonly pauseMs: DurationMs;
  readonly pauseIsSet: boolean;
  readonly intervalMs: DurationMs;
  readonly burst: number;
  readonly killMode: string;
  readonly stopMs: DurationMs;
}

/** What systemd says it has understood, else what the file says, else what systemd does without a word. */
function policyOf({ shown }: UnitFacts, file: UnitFile): UnitPolicy {
  const span = (property: string, written: string | null, usual: string): DurationMs =>
    parseTimeSpan(shown?.[property] ?? written ?? usual) ?? parseTimeSpan(usual) ?? 0;
  const pause = file.value("Service", "RestartSec");
  const interval = file.value("Unit", "StartLimitIntervalSec") ?? oldLimit(file, "StartLimitInterval");
  const burst = file.value("Unit", "StartLimitBurst") ?? file.value("Service", "StartLimitBurst");
  const timeout = file.value("Service", "TimeoutStopSec") ?? file.value("Service", "TimeoutSec");
  return {
    restart: shown?.["Restart"] ?? file.value("Service", "Restart") ?? "no",
    pauseMs: span("RestartUSec", pause, "100ms"),
    pauseIsSet: pause !== null,
    intervalMs: span("StartLimitIntervalUSec", interval, "10s"),
    burst: Number(shown?.["StartLimitBurst"] ?? burst ?? "5"),
    killMode: shown?.["KillMode"] ?? file.value("Service", "KillMode") ?? "control-group",
    stopMs: span("TimeoutStopUSec", timeout === "0" ? "infinity" : timeout, "90s"),
  };
}

/** The name it had before version 230, still taken in both sections. */
function oldLimit(file: UnitFile, key: string): string | null {
  return file.value("Unit", key) ?? file.value("Service", key);
}

function gaveUp({ name, scope, shown }: UnitFacts, policy: UnitPolicy): readonly Remark[] {
  const restarts = Number(shown?.["NRestarts"] ?? 0);
  if (shown?.["ActiveState"] !== "failed" || policy.burst === 0 || restarts < policy.burst) return [];
  const systemctl = scope === "user" ? "systemctl --user" : "systemctl";
  return [
    bad({
      title: `systemd has given up on ${name}`,
      why: `It was started again ${restarts} times in a row, failed each time (${shown["Result"] ?? "no result"}), and will not be started again. Nobody watches now.`,
      fix: `Look why: \`journalctl ${scope === "user" ? "--user " : ""}-u ${name} -n 50\`. Then:\n  ${systemctl} reset-failed ${name} && ${systemctl} start ${name}`,
    }),
  ];
}

function ignoredLimit({ name, path, scope }: UnitFacts, file: UnitFile): readonly Remark[] {
  const value = file.value("Service", "StartLimitIntervalSec");
  if (value === null) return [];
  return [
    bad({
      title: `${name} has a start limit that systemd ignores`,
      why: `StartLimitIntervalSec= belongs to [Unit]. Under [Service] systemd reads over it with one line in its log, and its own limit holds: five starts in ten seconds.`,
      fix: `In ${path}, move the line to [Unit]:\n  [Unit]\n  StartLimitIntervalSec=${value}\n${reload(scope)}`,
    }),
  ];
}

function restarting(unit: UnitFacts, policy: UnitPolicy): readonly Remark[] {
  const { name, scope } = unit;
  if (policy.restart === "no") return [neverRestarted(unit)];
  const fix = `In ${unit.path}:\n  [Unit]\n  StartLimitIntervalSec=0\n  [Service]\n  RestartSec=2\n${reload(scope)}`;
  const unlimited = policy.intervalMs === 0 || policy.burst === 0;
  if (unlimited && policy.pauseMs < shortestPauseMs) {
    return [
      bad({
        title: `${name} can spin: it is restarted without a limit and almost without a pause`,
        why: `Its start limit is off and ${pauseWords(policy)}. A mistake in its configuration then costs a whole processor and fills the log, unseen, until somebody looks.`,
        fix,
      }),
    ];
  }
  if (unlimited || policy.pauseMs * policy.burst >= policy.intervalMs) return [];
  return [
    bad({
      title: `systemd gives up on ${name} after ${policy.burst} quick failures, and tells nobody`,
      why: `${upperFirst(pauseWords(policy))}, and ${policy.burst} starts within ${spellDuration(policy.intervalMs)} are the limit. A short trouble, such as a disk that is mounted late, is enough: the unit then stays failed until a person starts it. Nobody watches from then on.`,
      fix,
    }),
  ];
}

function pauseWords({ pauseMs, pauseIsSet }: UnitPolicy): string {
  return pauseIsSet
    ? `RestartSec= is ${spellDuration(pauseMs)}`
    : `RestartSec= is missing, which means ${spellDuration(pauseMs)}`;
}

function neverRestarted({ name, path, scope }: UnitFacts): Remark {
  return bad({
    title: `${name} is not started again when it dies`,
    why: "It has no Restart=. When Midwatch is killed, as by the kernel when memory runs out, nobody watches until a person notices.",
    fix: `In ${path}:\n  [Unit]\n  StartLimitIntervalSec=0\n  [Service]\n  Restart=always\n  RestartSec=2\n${reload(scope)}`,
  });
}

function stopping(unit: UnitFacts, policy: UnitPolicy, longestStopMs: DurationMs): readonly Remark[] {
  const remarks: Remark[] = [];
  const { name, path, scope } = unit;
  if (policy.killMode === "control-group" || policy.killMode === "mixed") {
    const words = {
      title: `agents die together with Midwatch (${name}: KillMode=${policy.killMode})`,
      why: "When Midwatch dies or is upgraded, systemd ends everything it has started. Midwatch would take its living agents over again; so they are killed in the middle of their work for nothing.",
      fix: `In ${path}:\n  [Service]\n  KillMode=process\n${reload(scope)}`,
    };
    remarks.push(policy.killMode === "control-group" ? bad(words) : worthKnowing(words));
  }
  const needed = longestStopMs + stopReserveMs;
  if (longestStopMs > 0 && policy.stopMs < needed) {
    remarks.push(
      bad({
        title: `systemd kills Midwatch while it still stops agents (${name})`,
        why: `TimeoutStopSec= is ${spellDuration(policy.stopMs)}. The agents of the file may take ${spellDuration(longestStopMs)} to stop, in their order, and Midwatch a little more.`,
        fix: `In ${path}:\n  [Service]\n  TimeoutStopSec=${Math.ceil(needed / 1_000)}\n${reload(scope)}`,
      }),
    );
  }
  return remarks;
}

function booting({ name, scope, enabled, linger }: UnitFacts): readonly Remark[] {
  if (!enabled) {
    return [
      bad({
        title: `${name} is not started at boot`,
        why: "The unit is there and not enabled. After the next reboot nobody watches, and nothing says so.",
        fix: `  ${scope === "user" ? "systemctl --user" : "sudo systemctl"} enable ${name}`,
      }),
    ];
  }
  if (scope === "system" || linger) return [];
  return [
    bad({
      title: `${name} runs only while you are logged in`,
      why: "It is a unit of your user, and systemd ends those at your last logout and starts them at your next login, not at boot.",
      fix: '  sudo loginctl enable-linger "$USER"',
    }),
  ];
}

function reload(scope: UnitFacts["scope"]): string {
  return `Then \`${scope === "user" ? "systemctl --user" : "sudo systemctl"} daemon-reload\`; it holds from the next start on.`;
}
