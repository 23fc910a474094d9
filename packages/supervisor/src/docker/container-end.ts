// How a life of a container ended. Docker tells one status number; a signal is 128 + its number, and only a shell or
// a program that speaks like one exits with such a status by itself.
//
// Out of memory is another matter. Status 137 proves nothing: anybody can send a SIGKILL. Docker's flag `OOMKilled` means
// that some process of this life was killed for memory: after a child was killed and the main process was ended by hand an
// hour later, flag and status are the same as for a real one (measured). What tells them apart is the moment: a memory kill
// that ended the container is told within milliseconds of its end. So a kill that was told earlier takes the flag's
// word away, and only flag and moment together are certain.

import type { Ms, OutOfMemory } from "@midwatch/core";
import type { LifeEnd } from "../target/platform-driver.ts";

/** A process in the container was killed because memory ran out. */
export interface MemoryKill {
  readonly at: Ms;
  /** Docker told it as an event, or the counter of the control group was seen to have risen. */
  readonly by: "event" | "counter";
}

export interface ContainerEnd {
  readonly at: Ms;
  /** Null when nobody has seen it. */
  readonly exitCode: number | null;
  readonly oomKilled: boolean;
  /** Of that life, any order. */
  readonly memoryKills: readonly MemoryKill[];
}

/** Docker tells a memory kill just before the end; on busy hosts a moment after it. */
const beforeMs = 2_000;
const afterMs = 5_000;
const killedStatus = 137;

export function describeEnd(end: ContainerEnd): LifeEnd {
  const { at, exitCode } = end;
  if (exitCode === null) return { at, code: null, signal: null, oom: null };
  const signal = exitCode > 128 ? (linuxSignals[exitCode - 129] ?? null) : null;
  return { at, code: signal === null ? exitCode : null, signal, oom: outOfMemory(end) };
}

/** Killed, and nothing yet says for what. */
export function isUnexplainedKill(end: ContainerEnd): boolean {
  return end.exitCode === killedStatus && !end.memoryKills.some((kill) => isAboutThen(kill, end.at));
}

function outOfMemory({ at, exitCode, oomKilled, memoryKills }: ContainerEnd): OutOfMemory | null {
  if (exitCode !== killedStatus) return null;
  const fatal = memoryKills.filter((kill) => isAboutThen(kill, at));
  const isTold = fatal.some(({ by }) => by === "event");
  if (isTold && oomKilled) {
    return {
      confidence: "certain",
      seen: "Docker told of a memory kill as it ended, and marks the container OOMKilled",
    };
  }
  if (isTold) return { confidence: "likely", seen: "Docker told of a memory kill in the container as it ended" };
  if (fatal.length > 0)
    return { confidence: "likely", seen: "the out-of-memory counter of the container rose as it ended" };
  if (oomKilled && memoryKills.length === 0)
    return { confidence: "likely", seen: "Docker marks the container OOMKilled" };
  return null;
}

function isAboutThen({ at }: MemoryKill, endedAt: Ms): boolean {
  return at >= endedAt - beforeMs && at <= endedAt + afterMs;
}

/** From 1 on, as Linux numbers them: a container's signals are Linux's, whatever this host is. */
const linuxSignals: readonly string[] = [
  "SIGHUP",
  "SIGINT",
  "SIGQUIT",
  "SIGILL",
  "SIGTRAP",
  "SIGABRT",
  "SIGBUS",
  "SIGFPE",
  "SIGKILL",
  "SIGUSR1",
  "SIGSEGV",
  "SIGUSR2",
  "SIGPIPE",
  "SIGALRM",
  "SIGTERM",
  "SIGSTKFLT",
  "SIGCHLD",
  "SIGCONT",
  "SIGSTOP",
  "SIGTSTP",
  "SIGTTIN",
  "SIGTTOU",
  "SIGURG",
  "SIGXCPU",
  "SIGXFSZ",
  "SIGVTALRM",
  "SIGPROF",
  "SIGWINCH",
  "SIGIO",
  "SIGPWR",
  "SIGSYS",
];
