// What systemd knows of a unit at this moment, for the evidence of a hang. Each part is bounded and left out where it cannot be had.

import { describeError } from "../failure.ts";
import { lastLine, type Systemd } from "./systemctl.ts";
import { journalLines } from "./unit-journal.ts";

interface Item {
  readonly name: string;
  readonly text: string;
}

const maxText = 8_000;
const journalCount = 50;
const resources =
  "MemoryCurrent,MemoryPeak,MemoryMax,MemorySwapMax,CPUUsageNSec,TasksCurrent,TasksMax,NRestarts,Result,StatusText,ControlGroup";

export async function unitEvidence(systemd: Systemd, unit: string, limit: AbortSignal): Promise<readonly Item[]> {
  const items = [
    item(`${systemd.command} status`, statusOf(systemd, unit, limit)),
    item("control group", resourcesOf(systemd, unit, limit)),
    item(
      "journal",
      journalLines(systemd, unit, { limit, count: journalCount }).then((lines) => lines.join("\n")),
    ),
  ];
  return (await Promise.all(items)).filter(({ text }) => text !== "");
}

async function item(name: string, asked: Promise<string>): Promise<Item> {
  try {
    return { name, text: (await asked).slice(-maxText) };
  } catch (error) {
    return { name, text: `could not be had: ${describeError(error)}` };
  }
}

/** Its status is 3 for a unit that does not run, which is an answer too. */
async function statusOf(systemd: Systemd, unit: string, limit: AbortSignal): Promise<string> {
  const { stdout, stderr } = await systemd.systemctl(["status", "--lines=0", "--full", "--", unit], limit);
  return stdout === "" ? lastLine(stderr) : stdout.trimEnd();
}

async function resourcesOf(systemd: Systemd, unit: string, limit: AbortSignal): Promise<string> {
  const { stdout } = await systemd.systemctl(["show", "--property", resources, "--", unit], limit);
  return stdout
    .split("\n")
    .filter((line) => line !== "" && !/=(?:|\[not set\]|infinity|18446744073709551615)$/.test(line))
    .join("\n");
}
