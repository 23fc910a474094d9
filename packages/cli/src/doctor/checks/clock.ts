import { existsSync, statSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { MINUTE, SECOND, spellDuration, type DurationMs, type Ms } from "@midwatch/core";
import { check } from "../check.ts";
import type { RunTool } from "../probes/run-tool.ts";
import { bad, unchecked, worthKnowing, type Remark } from "../remark.ts";

export interface ClockFacts {
  readonly now: Ms;
  /** How much further the system's clock went than the monotonic one while they were watched. */
  readonly jumpMs: DurationMs;
  /** The server's clock less ours; null when no server answers. */
  readonly serverAheadMs: DurationMs | null;
  /** When the newest file of the data folder says that it was written; null when there is none. */
  readonly newestFileAt: Ms | null;
  /** Null when nothing here tells. */
  readonly synchronised: boolean | null;
}

const watchedMs = 250;
/** The server's clock is told in whole seconds. */
const mostServerOffMs = 2 * SECOND;
const mostFutureMs = MINUTE;
const mostJumpMs = 500;
/** Before this was written nobody could run it, and TLS certificates do not last beyond. */
const possibleYears = { from: 2026, to: 2100 };

export const clock = check<ClockFacts>({
  name: "clock",
  probe: async ({ config, now, runTool, server }) => {
    const begun = now() - performance.now();
    const [facts, synchronised] = await Promise.all([server(), isSynchronised(runTool), sleep(watchedMs)]);
    return {
      now: now(),
      jumpMs: Math.round(now() - performance.now() - begun),
      serverAheadMs: facts.state === "answers" ? facts.clockAheadMs : null,
      newestFileAt: newestFile(config.server.dataDir),
      synchronised,
    };
  },
  judge: judgeClock,
});

export function judgeClock({ now, jumpMs, serverAheadMs, newestFileAt, synchronised }: ClockFacts): readonly Remark[] {
  const remarks: Remark[] = [];
  const year = new Date(now).getUTCFullYear();
  const setIt = "Set the clock and keep it set:\n  sudo timedatectl set-ntp true";
  if (year < possibleYears.from || year > possibleYears.to) {
    remarks.push(
      bad({
        title: `the clock of this machine is wrong: it says ${year}`,
        why: "Reports go to the wrong day, keys and certificates of channels count as expired or not valid yet, and no alert leaves this machine.",
        fix: setIt,
      }),
    );
  }
  if (Math.abs(jumpMs) > mostJumpMs) {
    remarks.push(
      bad({
        title: `the clock jumped by ${spellDuration(Math.abs(jumpMs))} while this looked at it`,
        why: "Something sets it in steps. Midwatch forgives agents such a jump, so while it goes on no silence is noticed in time.",
        fix: `See that only one program sets the clock (not both the hypervisor and NTP). ${setIt}`,
      }),
    );
  }
  if (serverAheadMs !== null && Math.abs(serverAheadMs) > mostServerOffMs) {
    remarks.push(
      bad({
        title: `the server's clock and this one differ by ${spellDuration(Math.abs(serverAheadMs))}`,
        why: "They are on one machine, so one of them is a container or a virtual machine whose clock drifts. Times in reports and logs do not fit together.",
        fix: setIt,
      }),
    );
  }
  if (newestFileAt !== null && newestFileAt - now > mostFutureMs) {
    remarks.push(
      bad({
        title: `the data folder was written ${spellDuration(newestFileAt - now)} in the future`,
        why: "The clock was set back, or was ahead before. Midwatch holds its own time steady meanwhile, but what was stored then stands in the wrong place of every report.",
        fix: setIt,
      }),
    );
  }
  if (synchronised === null) {
    remarks.push(unchecked("NTP", "nothing here tells whether the clock is synchronised"));
  } else if (!synchronised) {
    remarks.push(
      worthKnowing({
        title: "the clock is not synchronised",
        why: "It drifts by seconds a day. Intervals are measured by another clock and stay right; times in reports, and those of other machines, do not.",
        fix: setIt,
      }),
    );
  }
  return remarks;
}

async function isSynchronised(runTool: RunTool): Promise<boolean | null> {
  if (existsSync("/run/systemd/timesync/synchronized")) return true;
  const systemd = (await runTool("timedatectl", ["show", "-p", "NTPSynchronized", "--value"]))?.output.trim();
  if (systemd === "yes" || systemd === "no") return systemd === "yes";
  const chrony = await runTool("chronyc", ["-n", "tracking"]);
  if (chrony?.status === 0) return /^Leap status\s*:\s*(?:Normal|Insert|Delete)/m.test(chrony.output);
  const mac = process.platform === "darwin" ? await runTool("/usr/sbin/systemsetup", ["-getusingnetworktime"]) : null;
  return mac?.status === 0 && /On|Off/.test(mac.output) ? mac.output.includes("On") : null;
}

function newestFile(dataDir: string): Ms | null {
  const times = ["midwatch.db", "midwatch.db-wal", "server.json"].flatMap((name) => {
    const file = statSync(join(dataDir, name), { throwIfNoEntry: false });
    return file === undefined ? [] : [file.mtimeMs];
  });
  return times.length === 0 ? null : Math.max(...times);
}
