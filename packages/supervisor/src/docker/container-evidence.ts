// What Docker knows of a container that no longer turns its loop: its processes, its state and health, what it uses of
// what it may. The environment is left out, it is full of keys. What cannot be had says why; each text is bounded.

import type { DurationMs } from "@midwatch/core";
import { describeError } from "../failure.ts";
import type { EngineClient } from "./engine-client.ts";
import { listAt, messageOf, numberAt, parseJson, recordAt, textAt, type JsonRecord } from "./engine-json.ts";

export interface EvidenceText {
  readonly name: string;
  readonly text: string;
}

/** All are asked for at once; numbers about the processor take Docker a second or two. */
const itemLimitMs: DurationMs = 4_000;
const textLimit = 8_000;
const lineLimit = 300;
const maxProcesses = 50;

export async function gatherEvidence(client: EngineClient, path: string): Promise<readonly EvidenceText[]> {
  const items: readonly [string, string, (body: unknown) => string][] = [
    ["docker state", "/json", describeState],
    ["docker processes", "/top", describeProcesses],
    ["docker use", "/stats?stream=false", describeUse],
  ];
  return Promise.all(
    items.map(async ([name, call, describe]) => {
      const text = await ask(client, `${path}${call}`, describe);
      return { name, text: text.length > textLimit ? `${text.slice(0, textLimit - 1)}…` : text };
    }),
  );
}

async function ask(client: EngineClient, path: string, describe: (body: unknown) => string): Promise<string> {
  try {
    const { status, text } = await client.call({ method: "GET", path, limitMs: itemLimitMs });
    return status === 200 ? describe(parseJson(text)) : `could not be had: ${messageOf(text)}`;
  } catch (error) {
    return `could not be had: ${describeError(error)}`;
  }
}

function describeState(body: unknown): string {
  const state = recordAt(body, "State");
  const host = recordAt(body, "HostConfig");
  const names = ["Status", "Pid", "ExitCode", "OOMKilled", "Error", "StartedAt", "FinishedAt"];
  const cpus = numberAt(host, "NanoCpus") ?? 0;
  const lines = [
    ...names.map((name) => `${name}: ${spell(state[name])}`),
    `RestartCount: ${spell(recordAt(body)["RestartCount"])}, restart policy: ${spell(recordAt(host, "RestartPolicy")["Name"])}`,
    `limits: memory ${limitOf(host, "Memory", spellBytes)}, processors ${cpus > 0 ? cpus / 1e9 : "none"}, processes ${limitOf(host, "PidsLimit", String)}`,
    ...describeHealth(recordAt(state, "Health")),
  ];
  return lines.join("\n");
}

function describeHealth(health: JsonRecord): readonly string[] {
  const status = textAt(health, "Status");
  if (status === null || status === "none") return ["health check: none"];
  const checks = listAt(health, "Log").map((entry) => {
    const check = recordAt(entry);
    return cut(
      `  ${spell(check["Start"])} exit ${spell(check["ExitCode"])}: ${(textAt(check, "Output") ?? "").trim()}`,
    );
  });
  return [`health check: ${status}, failed ${spell(health["FailingStreak"])} times in a row`, ...checks];
}

function describeProcesses(body: unknown): string {
  const answer = recordAt(body);
  const rows = [listAt(answer, "Titles"), ...listAt(answer, "Processes")].slice(0, maxProcesses + 1);
  return rows.map((row) => (Array.isArray(row) ? cut(row.map(spell).join(" ")) : "")).join("\n");
}

function describeUse(body: unknown): string {
  const memory = recordAt(body, "memory_stats");
  const details = recordAt(memory, "stats");
  // What the kernel would give back at once is no use of memory: the same subtraction as in `docker stats`.
  const cache = numberAt(details, "total_inactive_file") ?? numberAt(details, "inactive_file") ?? 0;
  const usage = numberAt(memory, "usage");
  const percent = processorPercent(body);
  return [
    `memory: ${usage === null ? "unknown" : spellBytes(Math.max(0, usage - cache))} of ${limitOf(memory, "limit", spellBytes)}`,
    `processor: ${percent === null ? "unknown" : `${percent} % of one`}`,
    `processes and threads: ${spell(recordAt(body, "pids_stats")["current"])}`,
  ].join("\n");
}

/** Null while Docker has only one sample, or none because the container has ended. */
function processorPercent(body: unknown): number | null {
  const now = recordAt(body, "cpu_stats");
  const before = recordAt(body, "precpu_stats");
  const used = difference(recordAt(now, "cpu_usage"), recordAt(before, "cpu_usage"), "total_usage");
  const passed = difference(now, before, "system_cpu_usage");
  const processors = numberAt(now, "online_cpus") ?? 1;
  return used === null || passed === null || passed <= 0 ? null : Math.round((used / passed) * processors * 100);
}

function difference(now: JsonRecord, before: JsonRecord, key: string): number | null {
  const newer = numberAt(now, key);
  const older = numberAt(before, key);
  return newer === null || older === null ? null : newer - older;
}

function limitOf(record: JsonRecord, key: string, describe: (limit: number) => string): string {
  const limit = numberAt(record, key) ?? 0;
  return limit > 0 ? describe(limit) : "none";
}

function spellBytes(bytes: number): string {
  return `${(bytes / 2 ** 20).toFixed(1)} MiB`;
}

function spell(value: unknown): string {
  return typeof value === "string" || typeof value === "number" || typeof value === "boolean"
    ? String(value)
    : "unknown";
}

function cut(line: string): string {
  return line.length > lineLimit ? `${line.slice(0, lineLimit - 1)}…` : line;
}
