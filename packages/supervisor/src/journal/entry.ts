import { createHash } from "node:crypto";
import type { AgentState, Ms } from "@midwatch/core";
import type { Notice } from "../fallback/notice.ts";
import type { ProcessIdentity } from "../process/identity.ts";
import type { Death } from "../process/tombstone.ts";

/** Something decided and not yet done. */
export type PendingAction =
  | {
      readonly do: "start";
      /** Given with the decision, so that a start cut short by a crash is recognised by its marker. */
      readonly runId: string;
      readonly attempt: number;
      readonly reason: string | null;
    }
  | { readonly do: "stop"; readonly why: "hung" | "command" | "budget" | "overdue"; readonly kill: boolean };

/** Everything that must survive the supervisor for one agent. */
export interface JournalEntry {
  readonly v: 1;
  readonly agent: string;
  /** The supervisor's time of this writing: from here to the next start it was blind. */
  readonly at: Ms;
  readonly state: AgentState;
  /** The run that was started last and is not known to have ended. */
  readonly run: { readonly runId: string; readonly identity: ProcessIdentity; readonly startedAt: Ms } | null;
  /** At most one start and one stop. */
  readonly pending: readonly PendingAction[];
  /** It was running when the supervisor was shut down, so the next one starts it again. */
  readonly resume: boolean;
  /** Its beats go to the server and not through this supervisor. */
  readonly beatsDirectly: boolean;
  readonly lastDeath: Death | null;
  /** Commands already carried out, so that one delivered twice is carried out once; the newest last, at most 32. */
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
  return entry.v === 1 && entry.state.v === 1 ? (entry as JournalEntry) : null;
}

function digest(json: string): string {
  return createHash("sha256").update(json).digest("hex");
}
