import type { AgentView } from "@midwatch/protocol";
import type { Ms } from "@midwatch/core";
import { callPages } from "../../client.ts";
import { localKey, serverAddress } from "../../data-folder.ts";
import { isErrnoException } from "./errno.ts";
import { readSmallFile } from "./small-file.ts";

/** What the server of a data folder answers, asked once for all checks. */
export type ServerFacts =
  /** No server has ever run with this folder. */
  | { readonly state: "never" }
  /** It has, and does not answer now. */
  | { readonly state: "silent"; readonly url: string; readonly pid: number; readonly pidAlive: boolean }
  /** Something answers there that is no Midwatch server. */
  | { readonly state: "stranger"; readonly url: string }
  | {
      readonly state: "answers";
      readonly url: string;
      readonly version: string;
      /** Its clock less ours, in milliseconds, at best a second exact; null when it does not say. */
      readonly clockAheadMs: number | null;
      /** In its own words; null while it takes beats. */
      readonly trouble: string | null;
      readonly startedAt: Ms | null;
      /** Null when they may not be read: no admin key in the folder, or a wrong one. */
      readonly agents: readonly AgentView[] | null;
    };

const limitMs = 5_000;
const mostAgents = 2_000;

export async function askServer(dataDir: string, now: () => Ms): Promise<ServerFacts> {
  const address = serverAddress(dataDir);
  if (address === null) return { state: "never" };
  const { url, pid } = address;
  const begun = now();
  const health = await ask(url, "/healthz");
  const asked = (begun + now()) / 2;
  if (health === null) return { state: "silent", url, pid, pidAlive: isServer(pid) };
  const version = versionIn(health.text);
  if (version === null) return { state: "stranger", url };
  const ready = await ask(url, "/readyz");
  const key = localKey(dataDir, "admin");
  const metrics = key === null ? null : await ask(url, "/metrics", key);
  return {
    state: "answers",
    url,
    version,
    clockAheadMs: clockAhead(health.date, asked),
    trouble: ready?.status === 200 ? null : troubleIn(ready?.text ?? ""),
    startedAt: startIn(metrics?.text ?? ""),
    agents: key === null ? null : await agentsOf(url, key),
  };
}

/** Whole seconds are told, cut off: half a second is what is missing in the mean. */
function clockAhead(date: string | null, asked: Ms): number | null {
  const told = Date.parse(date ?? "");
  return Number.isNaN(told) ? null : told + 500 - asked;
}

function versionIn(text: string): string | null {
  const { version } = objectIn(text);
  return typeof version === "string" ? version : null;
}

function troubleIn(text: string): string {
  const { error } = objectIn(text);
  const message = (error as { message?: unknown } | undefined)?.message;
  return typeof message === "string" ? message : "it does not say why";
}

function startIn(metrics: string): Ms | null {
  const seconds = /^process_start_time_seconds ([\d.e+]+)$/m.exec(metrics)?.[1];
  return seconds === undefined ? null : Number(seconds) * 1_000;
}

function objectIn(text: string): Record<string, unknown> {
  try {
    const value: unknown = JSON.parse(text);
    return typeof value === "object" && value !== null ? (value as Record<string, unknown>) : {};
  } catch {
    // Not JSON, so not ours.
    return {};
  }
}

interface Reply {
  readonly status: number;
  readonly text: string;
  readonly date: string | null;
}

async function ask(url: string, path: string, key?: string): Promise<Reply | null> {
  try {
    const response = await fetch(new URL(path, url), {
      headers: key === undefined ? {} : { authorization: `Bearer ${key}` },
      signal: AbortSignal.timeout(limitMs),
      redirect: "manual",
    });
    return { status: response.status, text: await response.text(), date: response.headers.get("date") };
  } catch {
    // Nobody listens, or nobody answers in time; which of the two, the pid tells.
    return null;
  }
}

async function agentsOf(url: string, key: string): Promise<readonly AgentView[] | null> {
  try {
    return await callPages<AgentView>({ url, key }, "/api/v1/agents", mostAgents);
  } catch {
    // The key is not this server's, or it has gone away meanwhile: then nothing is said about agents.
    return null;
  }
}

/** Numbers of processes are used again, so one that lives and is no server counts for nothing. */
function isServer(pid: number): boolean {
  const line = readSmallFile(`/proc/${pid}/cmdline`);
  if (line !== null) return /\bserver\b/.test(line);
  try {
    return process.kill(pid, 0);
  } catch (error) {
    return isErrnoException(error) && error.code === "EPERM";
  }
}
