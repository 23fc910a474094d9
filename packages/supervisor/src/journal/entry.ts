import { createHash } from "node:crypto";
import { wholeState, type AgentState, type Exit, type Ms } from "@midwatch/core";
import type { Notice } from "../fallback/notice.ts";
import type { ProcessIdentity } from "../process/identity.ts";
import type { Death } from "../process/tombstone.ts";

/** Why a process is being ended by this supervisor. */
export type StopReason = NonNullable<Exit["stoppedFor"]>;

/** A start that was decided and is not done yet. */
export interface DecidedStart {
  /** Given with the decision, so that a start cut short by a crash is recognised by its marker. */
  readonly runId: string;
  readonly attempt: number;
  /** Told to the new run; null on a first start. */
  readonly reason: string | null;
}

export interface StartedRun {
  readonly runId: string;
  readonly identity: ProcessIdentity;
  readonly startedAt: Ms;
}

/** Everything that must survive the supervisor for one agent. */
export interface JournalEntry {
  readonly v: 1;
  readonly agent: string;
  /** The supervisor's time of this writing: from here to the next start it was blind. */
  readonly at: Ms;
  /** The boot of the machine in which this was written; absent in what older versions wrote. */
  readonly bootId?: string;
  readonly state: AgentState;
  /** The run that was started last and is not known to have ended. */
  readonly run: StartedRun | null;
  readonly start: DecidedStart | null;
  /** The run is being ended. */
  readonly stop: StopReason | null;
  /** It was running when the supervisor was shut down, so the next one starts it again. */
  readonly resume: boolean;
  /** Its beats go to the server and not through this supervisor. */
  readonly beatsDirectly: boolean;
  readonly lastDeath: Death | null;
  /** Commands of the server already carried out, so that one delivered twice is carried out once; the newest last, at most 32. */
  readonly commands: readonly string[];
  /** Notifications not yet delivered by anybody, oldest first, at most 20. */
  readonly outbox: readonly Notice[];
}

/** An entry as a file: its checksum on the first line, its JSON on the second. */
export function encodeEntry(entry: JournalEntry): string {
  const json = JSON.stringify(entry);
  return `${digest(json)}\n${json}\n`;
}

/** The entry of a file; null when it is damaged or of a version unknown here. */
export function decodeEntry(content: string): JournalEntry | null {
  const [sum, json = ""] = content.split("\n");
  if (sum !== digest(json)) return null;
  const entry = JSON.parse(json) as { v: unknown; state: { v: unknown } };
  // The checksum says that encodeEntry wrote it, and the versions say what it wrote.
  return entry.v === 1 && entry.state.v === 1 ? ofToday(entry as JournalEntry) : null;
}

/** What an earlier Midwatch lacked is added. Before 0.2, that memory ran out was yes or no; the death it tells of is over, and nobody asks any more how sure that was. */
function ofToday(stored: JournalEntry): JournalEntry {
  const entry = { ...stored, state: wholeState(stored.state) };
  const { lastDeath } = entry;
  if (typeof (lastDeath?.exit.oom as unknown) !== "boolean" || lastDeath === null) return entry;
  return { ...entry, lastDeath: { ...lastDeath, exit: { ...lastDeath.exit, oom: null } } };
}

function digest(json: string): string {
  return createHash("sha256").update(json).digest("hex");
}
