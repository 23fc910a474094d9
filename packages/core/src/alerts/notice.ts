import type { Severity } from "../incident.ts";
import type { Ms } from "../time.ts";

/** Something happened that a person may have to hear of. Written with the decision; who hears of it is decided at the desk. */
export interface AlertNotice {
  readonly what: "opened" | "raised" | "acknowledged" | "resolved";
  /** What it continues: "inc_42" for an incident; the same from its opening to its end. */
  readonly thread: string;
  readonly at: Ms;
  /** When the trouble began. */
  readonly since: Ms;
  /** Null for what is not about one agent. */
  readonly agent: string | null;
  readonly kind: string;
  readonly severity: Severity;
  readonly title: string;
  readonly text: string;
  readonly host: string | null;
  readonly tags: readonly string[];
  /** Who acknowledged it. */
  readonly by: string | null;
  /** Carried to the message and not looked at. */
  readonly detail: Readonly<Record<string, unknown>>;
}
