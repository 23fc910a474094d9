// Runs the agent's own check of its state: in a group of its own, for a bounded time, with its output read and, but for its
// end, thrown away. Whatever it started is ended with it, because nothing may write the state once the agent is started.

import { spawn, type ChildProcess } from "node:child_process";
import { stat } from "node:fs/promises";
import { within } from "../evidence/within.ts";
import { argumentsOf, type Command } from "../process/command-line.ts";
import { identify } from "../process/identity.ts";
import { markerVariable } from "../process/marker.ts";
import { lastLinesOf } from "../process/output-log.ts";
import { describeUnkillable, stopTree } from "../process/stop-ladder.ts";
import { describeError, systemCode } from "../failure.ts";

export interface Validation {
  readonly command: Command;
  readonly cwd: string;
  /** All of it. */
  readonly environment: Readonly<Record<string, string>>;
  /** The same each time for the same agent, so that one whose supervisor has died is found and ended. */
  readonly marker: string;
  readonly timeoutMs: number;
}

export interface Validated extends End {
  readonly lastLines: readonly string[];
}

interface End {
  readonly says: "good" | "repaired" | "unusable" | "nothing";
  /** Why it says nothing: a clause about it. Empty otherwise. */
  readonly why: string;
}

const repaired = 10;
const unusable = 20;
const shownLines = 10;
const lastWordsMs = 500;
const tailBytes = 16 * 1024;
/** Beyond this the pipe is read slowly: a program that prints without end must not keep the supervisor busy. */
const eagerBytes = 2 ** 20;

export async function validate(about: Validation): Promise<Validated> {
  const { command, cwd, marker } = about;
  const left = await stopTree({ identity: null, marker }, { graceMs: 0, kill: true });
  if (left.length > 0) return nothing(`an earlier one still runs: ${describeUnkillable(left)}`);
  if ((await stat(cwd).catch(() => null))?.isDirectory() !== true) return nothing(`its folder ${cwd} does not exist`);
  const [program = "", ...rest] = argumentsOf(command);
  const environment = { ...about.environment, [markerVariable]: marker };
  let child: ChildProcess;
  try {
    child = spawn(program, rest, { cwd, env: environment, detached: true, stdio: ["ignore", "pipe", "pipe"] });
  } catch (error) {
    return nothing(whyNotStarted(program, error));
  }
  const tail = tailOf(child);
  const end = await endOf(child, program, about);
  return { ...end, lastLines: lastLinesOf(tail(), shownLines) };
}

async function endOf(child: ChildProcess, program: string, { timeoutMs, marker }: Validation): Promise<End> {
  const identity = child.pid === undefined ? null : identify(child.pid);
  const ended = Promise.withResolvers<End>();
  const heard = new Promise<void>((resolve) => child.once("close", () => resolve()));
  child.on("error", (error) => ended.resolve({ says: "nothing", why: whyNotStarted(program, error) }));
  child.on("exit", (code, signal) => ended.resolve(wordOf(code, signal)));
  const seconds = timeoutMs / 1_000;
  const late: End = { says: "nothing", why: `it did not end within ${seconds} s and was killed` };
  const timer = setTimeout(() => ended.resolve(late), timeoutMs);
  const end = await ended.promise;
  clearTimeout(timer);
  const left = await stopTree({ identity, marker }, { graceMs: 0, kill: true });
  // Its last words are in the pipe still. Somebody who left its tree may hold the pipe open for ever.
  await within(lastWordsMs, () => heard);
  child.stdout?.destroy();
  child.stderr?.destroy();
  child.unref();
  return left.length === 0 ? end : { says: "nothing", why: describeUnkillable(left) };
}

function wordOf(code: number | null, signal: string | null): End {
  if (code === 0) return { says: "good", why: "" };
  if (code === repaired) return { says: "repaired", why: "" };
  if (code === unusable) return { says: "unusable", why: "" };
  if (code === null) return { says: "nothing", why: `it died of ${signal ?? "a signal"}` };
  const meaning = code === 127 ? " (the shell has not found it)" : code === 126 ? " (it may not be executed)" : "";
  return { says: "nothing", why: `it ended with status ${code}${meaning}, which is none of 0, 10 and 20` };
}

function whyNotStarted(program: string, error: unknown): string {
  const code = systemCode(error);
  if (code === "ENOENT") return `the command "${program}" was not found; install it, or correct \`validate\``;
  if (code === "EACCES") return `"${program}" may not be executed; check its mode (chmod +x) and owner`;
  return describeError(error);
}

function nothing(why: string): Validated {
  return { says: "nothing", why, lastLines: [] };
}

/** Reads everything that is printed and remembers its end. */
function tailOf(child: ChildProcess): () => string {
  let tail = Buffer.alloc(0);
  let seen = 0;
  for (const stream of [child.stdout, child.stderr]) {
    stream?.on("data", (chunk: Buffer) => {
      tail = Buffer.concat([tail, chunk]).subarray(-tailBytes);
      seen += chunk.length;
      if (seen <= eagerBytes) return;
      stream.pause();
      setTimeout(() => stream.resume(), 1);
    });
    // Torn down while it still prints; its end is what counts.
    stream?.on("error", () => undefined);
  }
  return () => tail.toString();
}
