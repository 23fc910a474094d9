// What the kernel wrote down of its out-of-memory kills. It is the only witness that names the very process: a counter
// only says that somebody of the control group was killed, and a status of 137 says nothing. The log is a ring of records;
// it is held open so that each look costs one read, and nothing is lost in between even when the ring is short.

import { closeSync, constants, openSync, readlinkSync, readSync } from "node:fs";
import { onLinux } from "./identity.ts";
import { systemCode } from "../failure.ts";

export interface OomKill {
  /** The number of its record; later records have greater ones. */
  readonly sequence: number;
  readonly pid: number;
}

const device = "/dev/kmsg";
/** The kernel's own limit of one record, prefix included. */
const recordBytes = 8_192;
/** More than the largest ring holds; what is beyond is read the next time. */
const recordsAtOnce = 200_000;
/** The kernel's fixed name of the first pid namespace: elsewhere the pids of its log are not ours. */
const firstPidNamespace = "pid:[4026531836]";

/** Begins at the end of the log. */
export class KernelLog {
  readonly #buffer = Buffer.alloc(recordBytes);
  #file: number | null;
  #position = -1;

  private constructor(file: number) {
    this.#file = file;
    this.read();
  }

  /** Null where the log is hidden (no root, a container) or counts pids otherwise than this process does. */
  static open(): KernelLog | null {
    if (!onLinux) return null;
    try {
      if (readlinkSync("/proc/self/ns/pid") !== firstPidNamespace) return null;
      return new KernelLog(openSync(device, constants.O_RDONLY | constants.O_NONBLOCK));
    } catch {
      // Not readable for this user or not there: the counters are what is left.
      return null;
    }
  }

  /** The number of the last record that was read. */
  get position(): number {
    return this.#position;
  }

  /** The kills written down since the last call, oldest first. Never waits. */
  read(): readonly OomKill[] {
    const kills: OomKill[] = [];
    for (let count = 0; count < recordsAtOnce; count += 1) {
      const record = this.#next();
      if (record === null) break;
      const { sequence, kill } = readRecord(record);
      this.#position = Math.max(this.#position, sequence);
      if (kill) kills.push(kill);
    }
    return kills;
  }

  #next(): string | null {
    while (this.#file !== null) {
      try {
        return this.#buffer.toString("utf8", 0, readSync(this.#file, this.#buffer, 0, recordBytes, null));
      } catch (error) {
        const code = systemCode(error);
        if (code === "EAGAIN") return null;
        // EPIPE: records were overwritten before they were read, and the next call goes on behind them.
        if (code !== "EPIPE") this.close();
      }
    }
    return null;
  }

  close(): void {
    if (this.#file !== null) closeSync(this.#file);
    this.#file = null;
  }
}

/**
 * One record, as in `3,1234,98765432,-;Memory cgroup out of memory: Killed process 4711 (node) total-vm:…`: priority,
 * number, time, flags. Only the kernel's own are believed (a priority of 8 and above is a program that wrote into the log).
 */
export function readRecord(record: string): { readonly sequence: number; readonly kill: OomKill | null } {
  const [, priority, number, text = ""] = /^(\d+),(\d+),[^;]*;(.*)/.exec(record) ?? [];
  const sequence = Number(number ?? -1);
  const pid = /^(?:.*out of memory.*: )?Killed process (\d+) \(/i.exec(text)?.[1];
  const kill = pid === undefined || Number(priority) >= 8 ? null : { sequence, pid: Number(pid) };
  return { sequence, kill };
}
