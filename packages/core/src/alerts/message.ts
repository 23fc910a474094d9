import type { Severity } from "../incident.ts";
import type { Ms } from "../time.ts";

/** What the desk wants said, and where. How it reads on each channel is not its business. */
export interface AlertMessage {
  readonly what: "opened" | "raised" | "updated" | "acknowledged" | "resolved" | "reminder" | "digest";
  /** The same decision always makes the same id. */
  readonly id: string;
  readonly thread: string | null;
  readonly at: Ms;
  readonly channels: readonly string[];
  readonly agent: string | null;
  readonly kind: string | null;
  readonly severity: Severity;
  readonly title: string;
  readonly text: string;
  readonly since: Ms;
  readonly members: readonly AlertMember[];
  /** Null while nobody looks after it. */
  readonly acknowledged: Acknowledgement | null;
  /** Of one incident; null for groups and digests. */
  readonly detail: Readonly<Record<string, unknown>> | null;
}

/** Who looks after it, and since when. */
export interface Acknowledgement {
  readonly by: string;
  readonly at: Ms;
}

/** One of those that a group or a digest speaks for. */
export interface AlertMember {
  readonly thread: string;
  readonly agent: string;
  readonly kind: string;
  readonly title: string;
  readonly host: string | null;
  readonly since: Ms;
  readonly resolvedAt: Ms | null;
  readonly acknowledged: boolean;
}
