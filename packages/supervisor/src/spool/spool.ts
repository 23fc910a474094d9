// What the server has not got yet, on disk and in order. Items are appended to segment files and are durable when
// `append` resolves: everything that waits is written and flushed together (group commit), so a hundred beats at once
// cost one flush. The server says up to which number it has stored them, and whole segments are then deleted; the
// numbers go on rising, so an item sent twice is recognised. The spool never grows past its bound: the oldest
// segment is dropped, and that is said aloud once, until there is room again.

import { randomUUID } from "node:crypto";
import { open, readdir, readFile, rm, type FileHandle } from "node:fs/promises";
import { join } from "node:path";
import { invariant } from "@midwatch/core";
import type { SpoolItem, SupervisorFact } from "@midwatch/protocol";
import { makeFolder, replaceFile, syncFolder } from "../durable-file.ts";
import { describeError, SupervisorError, systemCode } from "../failure.ts";
import { encodeLine } from "./line.ts";
import {
  emptySegment,
  firstOf,
  readSegment,
  recoverSegment,
  segmentName,
  type ReadLimit,
  type Segment,
} from "./segment.ts";

/** An item before it has its number. */
export type SpoolEntry = { readonly beat: unknown; readonly received_at: number } | { readonly fact: SupervisorFact };

export interface SpoolOptions {
  readonly folder: string;
  readonly maxBytes: number;
  readonly segmentBytes: number;
  /** Told once when items begin to be dropped, and again after there was room. */
  readonly onDropped: (notice: string) => void;
}

interface Waiting {
  readonly line: Buffer;
  readonly n: number;
  readonly done: (n: number) => void;
  readonly fail: (error: SupervisorError) => void;
}

export class Spool {
  /** Changes only when the spool begins anew, so that its numbers may start over. */
  readonly id: string;
  readonly #options: SpoolOptions;
  readonly #segments: Segment[];
  #file: FileHandle;
  #next: number;
  #durable: number;
  #acknowledged = 0;
  #waiting: Waiting[] = [];
  #writing: Promise<void> | null = null;
  #closed = false;
  #dropping = false;
  /** Half a line may stand at the end of the file. */
  #torn = false;
  #listeners: (() => void)[] = [];

  private constructor(options: SpoolOptions, id: string, segments: Segment[], file: FileHandle) {
    this.id = id;
    this.#options = options;
    this.#segments = segments;
    this.#file = file;
    this.#durable = this.#active.last;
    this.#next = this.#durable + 1;
  }

  /** Opens the folder's spool, cutting a line that a crash tore; begins one where there is none. */
  static async open(options: SpoolOptions): Promise<Spool> {
    await makeFolder(options.folder);
    const idPath = join(options.folder, "id");
    const firsts = (await readdir(options.folder)).flatMap((name) => firstOf(name) ?? []).toSorted((a, b) => a - b);
    let id = await readIfThere(idPath);
    if (id === null || firsts.length === 0) {
      id = randomUUID();
      await replaceFile(idPath, id);
    }
    const segments: Segment[] = [];
    for (const [index, first] of firsts.entries()) {
      const isLast = index === firsts.length - 1;
      segments.push(await recoverSegment(join(options.folder, segmentName(first)), first, isLast));
    }
    const active = segments.at(-1) ?? emptySegment(join(options.folder, segmentName(1)), 1);
    if (segments.length === 0) segments.push(active);
    const file = await open(active.path, "a", 0o600);
    await syncFolder(options.folder);
    return new Spool(options, id, segments, file);
  }

  /** The highest number that is safely on disk. */
  get durable(): number {
    return this.#durable;
  }

  /** The number given last, durable or not. */
  get last(): number {
    return this.#next - 1;
  }

  /** The highest number the server is known to have. */
  get acknowledged(): number {
    return this.#acknowledged;
  }

  /** Resolves to the item's number once it is durable; rejects with `spool_write_failed` (retryable) when the disk refuses. */
  append(entry: SpoolEntry): Promise<number> {
    if (this.#closed) return Promise.reject(new SupervisorError("spool_closed", "the spool is closed"));
    const n = this.#next;
    this.#next += 1;
    const line = Buffer.from(encodeLine({ n, ...entry }));
    const { promise, resolve, reject } = Promise.withResolvers<number>();
    this.#waiting.push({ line, n, done: resolve, fail: reject });
    this.#writing ??= this.#writeAll();
    return promise;
  }

  async #writeAll(): Promise<void> {
    // One turn of the event loop lets everything that arrives together share a flush.
    await new Promise((turn) => setImmediate(turn));
    while (this.#waiting.length > 0) {
      const group = this.#waiting;
      this.#waiting = [];
      try {
        await this.#writeGroup(group);
        for (const { n, done } of group) done(n);
        this.#wake();
      } catch (cause) {
        const error = new SupervisorError(
          "spool_write_failed",
          `cannot write to ${this.#options.folder}: ${describeError(cause)}. Free some space or make the folder writable; nothing that was acknowledged is lost.`,
          { cause, retryable: true },
        );
        for (const { fail } of group) fail(error);
        await this.#removeHalfWritten();
      }
    }
    // In the same breath as the last look at what waits: an append that comes any later begins anew.
    this.#writing = null;
  }

  async #writeGroup(group: readonly Waiting[]): Promise<void> {
    if (this.#active.bytes >= this.#options.segmentBytes) await this.#beginSegment(group[0]?.n ?? this.#durable + 1);
    const bytes = Buffer.concat([...(this.#torn ? [Buffer.from("\n")] : []), ...group.map(({ line }) => line)]);
    // A short write would leave half a line, so writeFile's loop is used; the handle is open for append.
    await this.#file.appendFile(bytes);
    await this.#file.datasync();
    this.#torn = false;
    const active = this.#active;
    active.bytes += bytes.length;
    active.last = group.at(-1)?.n ?? active.last;
    this.#durable = active.last;
    await this.#keepInBounds();
  }

  async #beginSegment(first: number): Promise<void> {
    const path = join(this.#options.folder, segmentName(first));
    const file = await open(path, "a", 0o600);
    await syncFolder(this.#options.folder);
    await this.#file.close();
    this.#file = file;
    this.#segments.push(emptySegment(path, first));
    await this.#deleteAcknowledged();
  }

  async #removeHalfWritten(): Promise<void> {
    try {
      await this.#file.truncate(this.#active.bytes);
    } catch {
      // The disk refuses this too. The next writing ends the torn line first, and every reader passes over it.
      this.#torn = true;
    }
  }

  async #keepInBounds(): Promise<void> {
    const total = this.#segments.reduce((sum, { bytes }) => sum + bytes, 0);
    if (total <= this.#options.maxBytes) {
      if (total < this.#options.maxBytes / 2) this.#dropping = false;
      return;
    }
    const [oldest] = this.#segments;
    if (!oldest || this.#segments.length === 1) return;
    this.#segments.shift();
    await rm(oldest.path, { force: true });
    if (this.#dropping) return;
    this.#dropping = true;
    this.#options.onDropped(
      `The spool in ${this.#options.folder} is full (${Math.round(this.#options.maxBytes / 2 ** 20)} MiB) because the server has not been reached for long. ` +
        `The oldest beats and events (from number ${oldest.first} to ${oldest.last}) are dropped, and more will be until the server is back. Agents are watched and restarted all the same.`,
    );
  }

  /** Durable items after `after`, in order, within the limit; damaged ones are missing. */
  async read(after: number, limit: ReadLimit): Promise<readonly SpoolItem[]> {
    const items: SpoolItem[] = [];
    let bytes = 0;
    for (const segment of [...this.#segments]) {
      if (segment.last <= after || items.length >= limit.items || bytes >= limit.bytes) continue;
      const room = { items: limit.items - items.length, bytes: limit.bytes - bytes };
      const found = await readUnlessDropped(segment, { after, upto: this.#durable }, room);
      for (const one of found) {
        items.push(one.item);
        bytes += one.bytes;
      }
      // The limit ended this segment early: what follows would leave a hole.
      if ((found.at(-1)?.item.n ?? segment.last) < Math.min(segment.last, this.#durable)) break;
    }
    return items;
  }

  /** Everything up to this number is safe elsewhere and may go. */
  async acknowledge(upto: number): Promise<void> {
    this.#acknowledged = Math.max(this.#acknowledged, Math.min(upto, this.#durable));
    await this.#deleteAcknowledged();
  }

  async #deleteAcknowledged(): Promise<void> {
    for (;;) {
      const [oldest, next] = this.#segments;
      // The last segment stays, empty or not: its name and lines carry the numbers on.
      if (!oldest || !next || oldest.last > this.#acknowledged) return;
      this.#segments.shift();
      await rm(oldest.path, { force: true });
    }
  }

  /** Calls once when something newer than `after` is durable; returns a function that calls it off. */
  onceNewer(after: number, call: () => void): () => void {
    if (this.#durable > after) {
      queueMicrotask(call);
      return () => undefined;
    }
    this.#listeners.push(call);
    return () => (this.#listeners = this.#listeners.filter((listener) => listener !== call));
  }

  #wake(): void {
    const listeners = this.#listeners;
    this.#listeners = [];
    for (const listener of listeners) listener();
  }

  /** Writes what waits and closes the file. */
  async close(): Promise<void> {
    this.#closed = true;
    await this.#writing;
    await this.#file.close();
  }

  get #active(): Segment {
    const active = this.#segments.at(-1);
    invariant(active, "the last segment is never dropped or deleted");
    return active;
  }
}

async function readIfThere(path: string): Promise<string | null> {
  try {
    const content = (await readFile(path, "utf8")).trim();
    return content === "" ? null : content;
  } catch {
    // Not there: the spool begins anew.
    return null;
  }
}

async function readUnlessDropped(
  ...[segment, range, limit]: Parameters<typeof readSegment>
): ReturnType<typeof readSegment> {
  try {
    return await readSegment(segment, range, limit);
  } catch (error) {
    // Dropped to keep the bound while it was being read.
    if (systemCode(error) === "ENOENT") return [];
    throw error;
  }
}
