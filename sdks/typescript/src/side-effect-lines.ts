/**
 * The lines of a side-effect journal: `<16 hex> <json>⏎`, the first being the start of the SHA-256 of the second, so that a
 * line that was cut off or changed is known for what it is.
 *
 *     {"op":"begin","key":"mail-118","at":"2026-11-24T03:12:06.000Z","note":"to the customer"}
 *     {"op":"done","key":"mail-118","at":"2026-11-24T03:12:08.000Z","result":{"id":7}}
 *     {"op":"abandon","key":"mail-118","at":"2026-11-24T03:12:08.000Z"}
 *
 * The Python SDK writes and reads the same; examples are in packages/protocol/golden/side-effects/.
 */

import { createHash } from "node:crypto";

export type Step =
  | { readonly op: "begin"; readonly key: string; readonly at: string; readonly note?: string }
  | { readonly op: "done"; readonly key: string; readonly at: string; readonly result?: unknown }
  | { readonly op: "abandon"; readonly key: string; readonly at: string };

/** A side effect that was begun; whether it happened is not known. */
export interface InFlight {
  readonly key: string;
  readonly note: string | null;
  /** RFC 3339, UTC. */
  readonly begunAt: string;
}

/** What the lines come to. Both maps are in the order in which things happened. */
export interface Ledger {
  readonly inFlight: Map<string, InFlight>;
  readonly done: Map<string, { readonly at: string; readonly result: unknown }>;
}

export interface Journal {
  readonly steps: readonly Step[];
  /** What is no line of ours, each with its number from 1; the last is a torn tail when no newline ends it. */
  readonly damaged: readonly { readonly line: number; readonly bytes: Uint8Array }[];
}

const NEWLINE = 0x0a;
const LINE = /^([0-9a-f]{16}) (\{.*\})$/su;

export function lineOf(step: Step): string {
  const json = JSON.stringify(step);
  return `${checksumOf(json)} ${json}\n`;
}

export function readLines(bytes: Uint8Array): Journal {
  const steps: Step[] = [];
  const damaged: { line: number; bytes: Uint8Array }[] = [];
  for (let start = 0, line = 1; start < bytes.byteLength; line += 1) {
    const newline = bytes.indexOf(NEWLINE, start);
    const end = newline === -1 ? bytes.byteLength : newline + 1;
    const step = newline === -1 ? null : stepOf(bytes.subarray(start, newline));
    if (step === null) damaged.push({ line, bytes: bytes.subarray(start, end) });
    else steps.push(step);
    start = end;
  }
  return { steps, damaged };
}

/** Enters a step. What is done stays done; of the done ones only the last `keep` are remembered. */
export function enter(ledger: Ledger, step: Step, keep: number): void {
  const { inFlight, done } = ledger;
  switch (step.op) {
    case "begin":
      if (!done.has(step.key)) inFlight.set(step.key, { key: step.key, note: step.note ?? null, begunAt: step.at });
      return;
    case "done":
      inFlight.delete(step.key);
      done.delete(step.key);
      done.set(step.key, { at: step.at, result: step.result ?? null });
      for (const [oldest] of done) {
        if (done.size <= keep) return;
        done.delete(oldest);
      }
      return;
    case "abandon":
      inFlight.delete(step.key);
  }
}

/** The fewest lines that come to the same. */
export function linesOf({ inFlight, done }: Ledger): string[] {
  return [
    ...[...done].map(([key, { at, result }]) => lineOf(doneStep(key, at, result))),
    ...[...inFlight.values()].map(({ key, note, begunAt }) => lineOf(beginStep(key, begunAt, note))),
  ];
}

export function beginStep(key: string, at: string, note: string | null): Step {
  return { op: "begin", key, at, ...(note === null ? {} : { note }) };
}

export function doneStep(key: string, at: string, result: unknown): Step {
  return { op: "done", key, at, ...(result === null ? {} : { result }) };
}

function stepOf(bytes: Uint8Array): Step | null {
  const [, checksum, json = ""] = LINE.exec(textOf(bytes)) ?? [];
  if (checksum === undefined || checksumOf(json) !== checksum) return null;
  try {
    const { op, key, at, note, result = null } = JSON.parse(json) as Record<string, unknown>;
    if (typeof key !== "string" || typeof at !== "string") return null;
    if (op === "begin") return beginStep(key, at, typeof note === "string" ? note : null);
    if (op === "done") return doneStep(key, at, result);
    return op === "abandon" ? { op, key, at } : null;
  } catch {
    // Its checksum is right and it is no JSON: somebody else's line.
    return null;
  }
}

/** Empty for what is not UTF-8, which no line is. */
function textOf(bytes: Uint8Array): string {
  try {
    return new TextDecoder("utf-8", { fatal: true, ignoreBOM: true }).decode(bytes);
  } catch {
    return "";
  }
}

function checksumOf(json: string): string {
  return createHash("sha256").update(json).digest("hex").slice(0, 16);
}
