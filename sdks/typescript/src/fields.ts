/** Puts what the agent said into the bounds of the wire, so that no beat is refused for a long message. Nothing in here throws. */

import { argsHash } from "./tool-digest.ts";
import type { Grumbler } from "./world.ts";

/** What an agent can say of itself. `starting`, `paused`, `stopped` and `exited` are mostly said by the loop's iterator. */
export type Status = "ok" | "warning" | "error" | "starting" | "shutting_down" | "stopped" | "exited" | "paused";

export interface ToolCall {
  readonly name: string;
  readonly args_hash?: string;
}

/** Most tool calls in one beat; the newest are kept, because repetition shows in the last ones. */
export const MAX_TOOLS = 64;
const MAX_METRICS = 64;

const LONGEST = { message: 2_000, lease_reason: 500, cycle_kind: 64, progress: 256 } as const;

const STATUSES: Readonly<Record<string, Status>> = {
  ok: "ok",
  warning: "warning",
  error: "error",
  starting: "starting",
  shutting_down: "shutting_down",
  shutdown: "shutting_down",
  stopping: "shutting_down",
  stopped: "stopped",
  exited: "exited",
  paused: "paused",
};

/** One of the wire's words; an unknown one becomes `warning`, which hides nothing. */
export function statusOf(given: unknown, grumbler: Grumbler): Status {
  if (given === undefined || given === null) return "ok";
  const status = typeof given === "string" && Object.hasOwn(STATUSES, given) ? STATUSES[given] : undefined;
  if (status !== undefined) return status;
  grumbler.once("status", `the status ${preview(given)} is unknown and sent as "warning"; use ok, warning or error`);
  return "warning";
}

/** Text cut to what the wire takes for this field, never through the middle of a character; undefined when there is none. */
export function textOf(field: keyof typeof LONGEST, given: unknown): string | undefined {
  if (given === undefined || given === null) return undefined;
  const text = cut(typeof given === "string" ? given : preview(given), LONGEST[field]);
  return text === "" && (field === "progress" || field === "cycle_kind") ? undefined : text;
}

/** A tool call as the wire has it: its name and a digest of its arguments, never the arguments. */
export function toolOf(name: unknown, args: unknown): ToolCall {
  const digest = argsHash(args);
  const call = { name: cut(typeof name === "string" && name !== "" ? name : "unnamed", 128) };
  return digest === null ? call : { ...call, args_hash: digest };
}

/** The finite numbers among the metrics, at most 64. */
export function metricsOf(given: unknown): Readonly<Record<string, number>> | undefined {
  if (typeof given !== "object" || given === null) return undefined;
  const entries = Object.entries(given).filter(
    (entry): entry is [string, number] => entry[0] !== "" && entry[0].length <= 64 && Number.isFinite(entry[1]),
  );
  return entries.length === 0 ? undefined : Object.fromEntries(entries.slice(0, MAX_METRICS));
}

/** A number from 0 to `max`, else nothing: a beat without a detail is better than a refused beat. */
export function numberOf(given: unknown, max: number): number | undefined {
  return typeof given === "number" && given >= 0 && given <= max ? given : undefined;
}

/** An error as one line: its type and its words. */
export function describe(error: unknown): string {
  return error instanceof Error ? `${error.name}: ${error.message}` : preview(error);
}

/** Any value in words. */
export function preview(value: unknown): string {
  try {
    return String(value);
  } catch {
    // Somebody's toString threw; what the value is must do.
    return `(${typeof value})`;
  }
}

function cut(text: string, maxLength: number): string {
  return text.slice(0, maxLength).toWellFormed();
}
