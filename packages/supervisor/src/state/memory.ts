// What the gate of one agent remembers from start to start, in a small file that is whole or absent.

import { readFile } from "node:fs/promises";
import { replaceFile } from "../durable-file.ts";
import { systemCode } from "../failure.ts";
import type { Snapshot } from "./snapshot.ts";

export interface GateMemory {
  /** What the last run was started from; null before the first. */
  readonly admitted: Snapshot | null;
  /** Declared paths at which there was a file when the state was last found good. */
  readonly there: readonly string[];
  /** The last crash, the state as it left it (null: unusable), and what was made of it. */
  readonly death: {
    readonly runId: string;
    readonly fingerprint: string | null;
    readonly left: Snapshot | null;
    readonly judged: "go-on" | "fall-back" | "stop";
  } | null;
  /** State that was given up because the agent died of it twice; until it is well again. */
  readonly fallback: { readonly fingerprint: string; readonly avoid: Snapshot } | null;
  /** State is being replaced, for this reason. Left by a supervisor that died over it. */
  readonly unfinished: string | null;
}

const noMemory: GateMemory = { admitted: null, there: [], death: null, fallback: null, unfinished: null };

export type ReadMemory = { readonly memory: GateMemory; readonly damaged: boolean };

export async function readMemory(path: string): Promise<ReadMemory> {
  let text: string;
  try {
    text = await readFile(path, "utf8");
  } catch (error) {
    if (systemCode(error) === "ENOENT") return { memory: noMemory, damaged: false };
    throw error;
  }
  const memory = parseMemory(text);
  return memory === null ? { memory: noMemory, damaged: true } : { memory, damaged: false };
}

export async function writeMemory(path: string, memory: GateMemory): Promise<void> {
  await replaceFile(path, `${JSON.stringify(memory, null, 2)}\n`);
}

function parseMemory(text: string): GateMemory | null {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    // Written whole by this program; whatever damaged it, nothing in it can be relied upon.
    return null;
  }
  if (!isRecord(value)) return null;
  const { admitted, there, death, fallback, unfinished } = value;
  const isWhole =
    isOr(admitted, isSnapshot) &&
    Array.isArray(there) &&
    there.every((path) => typeof path === "string") &&
    isOr(death, isDeath) &&
    isOr(fallback, isFallback) &&
    isOr(unfinished, (reason) => typeof reason === "string");
  return isWhole ? (value as unknown as GateMemory) : null;
}

function isDeath(value: unknown): boolean {
  if (!isRecord(value)) return false;
  const { runId, fingerprint, left, judged } = value;
  const isText = typeof fingerprint === "string" || fingerprint === null;
  return typeof runId === "string" && isText && isOr(left, isSnapshot) && typeof judged === "string";
}

function isFallback(value: unknown): boolean {
  if (!isRecord(value)) return false;
  const { fingerprint, avoid } = value;
  return typeof fingerprint === "string" && isSnapshot(avoid);
}

function isSnapshot(value: unknown): boolean {
  return isRecord(value) && Object.values(value).every((digest) => digest === null || typeof digest === "string");
}

function isOr(value: unknown, is: (value: unknown) => boolean): boolean {
  return value === null || is(value);
}

function isRecord(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}
