// What the journal has of a unit: its last lines, and how a life of it ended that systemd itself has forgotten.

import { constants } from "node:os";
import type { DurationMs } from "@midwatch/core";
import type { LifeEnd } from "../target/platform-driver.ts";
import type { Systemd } from "./systemctl.ts";

const maxLines = 1_000;
const maxLineLength = 4_000;

/** The last lines, oldest first, systemd's own about the unit among them; none where the journal cannot be read. */
export async function journalLines(
  systemd: Systemd,
  unit: string,
  { limit, count }: { readonly limit: AbortSignal; readonly count: number },
): Promise<readonly string[]> {
  await writeOut(systemd, lastWordsMs, limit);
  const of = `--${systemd.scope === "user" ? "user-" : ""}unit=${unit}`;
  const lines = String(Math.max(0, Math.min(count, maxLines)));
  const { status, stdout } = await systemd.journalctl([of, "--lines", lines, "--output=cat"], limit);
  if (status !== 0) return [];
  return stdout
    .split("\n")
    .slice(0, -1)
    .slice(-count)
    .map((line) => line.slice(0, maxLineLength));
}

/** How long a journal is waited for that is busy: for a line it may lack, and for an end that nobody else remembers. */
const lastWordsMs: DurationMs = 1_000;
const lastEndMs: DurationMs = 4_000;

/** What was printed right before a crash may still be on its way. Only root may ask for this; for others it is a moment's wait. */
async function writeOut(systemd: Systemd, withinMs: DurationMs, limit: AbortSignal): Promise<void> {
  try {
    await systemd.journalctl(["--sync"], AbortSignal.any([limit, AbortSignal.timeout(withinMs)]));
  } catch {
    // A busy journal or none: then what it has so far must do.
  }
}

/** Fixed by systemd, see `journalctl --catalog`: a process of a unit has exited; the unit has failed; the unit has ended well. */
const processExited = "98e322203f7a4ed290d09fe03c09fe15";
const unitFailed = "d9b373ed55a64feb8242e02dbe79a49c";
const unitSucceeded = "7ad2d189f7e94e70a38c781354912448";

interface Which {
  readonly unit: string;
  readonly invocation: string | null;
}

/** The end of the life of that invocation, or of the newest that has ended. Null when the journal does not tell. */
export async function journalledEnd(systemd: Systemd, which: Which, limit: AbortSignal): Promise<LifeEnd | null> {
  const told = await askForEnd(systemd, which, limit);
  // That a unit without a name for its last life has never ended is the usual case, and no reason to wait.
  if (told !== null || which.invocation === null) return told;
  await writeOut(systemd, lastEndMs, limit);
  return askForEnd(systemd, which, limit);
}

async function askForEnd(systemd: Systemd, which: Which, limit: AbortSignal): Promise<LifeEnd | null> {
  const prefix = systemd.scope === "user" ? "USER_" : "";
  const about = which.invocation === null ? `UNIT=${which.unit}` : `INVOCATION_ID=${which.invocation}`;
  const messages = [processExited, unitFailed, unitSucceeded].map((id) => `MESSAGE_ID=${id}`);
  const fields = `MESSAGE_ID,EXIT_CODE,EXIT_STATUS,COMMAND,UNIT_RESULT,${prefix}INVOCATION_ID`;
  const { status, stdout } = await systemd.journalctl(
    [`${prefix}${about}`, ...messages, "--lines=6", "--output=json", `--output-fields=${fields}`],
    limit,
  );
  return status === 0 ? readJournalledEnd(stdout, `${prefix}INVOCATION_ID`) : null;
}

/** Takes journal records, one a line, oldest first. */
export function readJournalledEnd(records: string, invocationField = "INVOCATION_ID"): LifeEnd | null {
  const all = records
    .split("\n")
    .map(readRecord)
    .filter((record) => record !== null);
  const newest = all.at(-1);
  if (newest === undefined) return null;
  const life = all.filter((record) => record[invocationField] === newest[invocationField]);
  const main = life.find((record) => record["MESSAGE_ID"] === processExited && record["COMMAND"] === "ExecStart");
  const isOutOfMemory = life.some((record) => record["UNIT_RESULT"] === "oom-kill");
  const at = Math.floor(Number((main ?? newest)["__REALTIME_TIMESTAMP"]) / 1_000) || null;
  const oom = isOutOfMemory ? ({ confidence: "certain", seen: "systemd's result is oom-kill" } as const) : null;
  if (main !== undefined) return { at, ...endOf(main), oom };
  // A clean end is noted for the unit alone: status 0, or a signal that systemd takes for one.
  const endedWell = life.some((record) => record["MESSAGE_ID"] === unitSucceeded);
  return { at, code: endedWell ? 0 : null, signal: null, oom };
}

type JournalRecord = Readonly<Record<string, unknown>>;

function readRecord(line: string): JournalRecord | null {
  if (!line.startsWith("{")) return null;
  try {
    return JSON.parse(line) as JournalRecord;
  } catch {
    // Its beginning was cut off, as too much was printed.
    return null;
  }
}

function endOf(record: JournalRecord): Pick<LifeEnd, "code" | "signal"> {
  const status = Number(record["EXIT_STATUS"]);
  return record["EXIT_CODE"] === "exited"
    ? { code: status, signal: null }
    : { code: null, signal: nameOfSignal(status) };
}

export function nameOfSignal(number: number): string {
  return Object.entries(constants.signals).find(([, value]) => value === number)?.[0] ?? `signal ${number}`;
}
