// What the server has not heard of yet, on disk and in order, so that neither a crash of the meter nor an absence of the server loses a
// call that was seen to its end. Everything that waits is written and flushed together. The server says up to which number it has
// stored the calls, and whole segments are then deleted; the numbers go on rising, so that a call sent twice is counted once.
//
// When the disk refuses, calls are kept in memory (bounded), and go to the server from there: a full disk must not blind a budget.
// The server may then know numbers that the disk never kept. A later life notices that in its first answer and begins a new spool,
// under a new name, because the numbers of the old one would be taken for calls that were told already.

import { randomUUID } from "node:crypto";
import { open, readdir, rm, type FileHandle } from "node:fs/promises";
import { join } from "node:path";
import { invariant } from "@midwatch/core";
import type { MeterCall, MeterItem } from "@midwatch/protocol";
import { describeError } from "../failure.ts";
import { makeFolder, readIfThere, replaceFile, syncFolder } from "./durable-file.ts";
import { firstOf, lineOf, readSegment, recoverSegment, segmentName, type Segment } from "./segment.ts";

export interface SpoolOptions {
  readonly folder: string;
  readonly maxBytes?: number;
  readonly segmentBytes?: number;
  /** Hears once when the disk refuses or the spool is full, and again after it was well. */
  readonly log: (line: string) => void;
}

/** Room for about 150,000 calls. */
const usualMaxBytes = 64 * 2 ** 20;
const usualSegmentBytes = 2 ** 20;
/** In memory: what is read from there need not be read from the disk, and what the disk refuses has no other place. */
const maxHeld = 10_000;
const retryMs = 1_000;

export class Spool {
  readonly #options: Required<SpoolOptions>;
  #id: string;
  readonly #segments: Segment[];
  /** What an earlier life left has numbers up to this. */
  readonly #inherited: number;
  #file: FileHandle;
  /** The newest items, without a gap; older ones that are not acknowledged are on disk. */
  #held: MeterItem[] = [];
  #last: number;
  #durable: number;
  #acknowledged = 0;
  #writing: Promise<void> | null = null;
  #retry: NodeJS.Timeout | null = null;
  #isRefused = false;
  #isDropping = false;
  #isClosed = false;
  #listeners = new Set<() => void>();

  private constructor(options: Required<SpoolOptions>, id: string, segments: Segment[], file: FileHandle) {
    this.#options = options;
    this.#id = id;
    this.#segments = segments;
    this.#file = file;
    this.#inherited = this.#active.last;
    this.#last = this.#inherited;
    this.#durable = this.#inherited;
  }

  /** Opens the folder's spool, or begins one. Rejects with `data_folder_unwritable` or the system's error. */
  static async open(given: SpoolOptions): Promise<Spool> {
    const options = { maxBytes: usualMaxBytes, segmentBytes: usualSegmentBytes, ...given };
    const { folder } = options;
    await makeFolder(folder);
    const firsts = (await readdir(folder)).flatMap((name) => firstOf(name) ?? []).toSorted((a, b) => a - b);
    const kept = await readIfThere(join(folder, "id"));
    const id = kept === null || firsts.length === 0 ? randomUUID() : kept;
    if (id !== kept) await replaceFile(join(folder, "id"), id);
    const segments: Segment[] = [];
    for (const first of firsts) segments.push(await recoverSegment(join(folder, segmentName(first)), first));
    if (segments.length === 0) segments.push({ path: join(folder, segmentName(1)), first: 1, last: 0, bytes: 0 });
    const file = await open(segments.at(-1)?.path ?? "", "a", 0o600);
    await syncFolder(folder);
    return new Spool(options, id, segments, file);
  }

  get id(): string {
    return this.#id;
  }

  /** The number of the newest item. */
  get last(): number {
    return this.#last;
  }

  /** The highest number that may be sent now. */
  get ready(): number {
    return this.#isRefused ? this.#last : this.#durable;
  }

  /** The highest number that the server is known to have. */
  get acknowledged(): number {
    return this.#acknowledged;
  }

  append(agent: string, call: MeterCall): void {
    this.#last += 1;
    this.#held.push({ n: this.#last, agent, call });
    if (this.#held.length > maxHeld) this.#forgetOldest();
    this.#write();
  }

  /** Items with a number above `after` that may be sent, at most `limit`. */
  async read(after: number, limit: number): Promise<readonly MeterItem[]> {
    const oldest = this.#held[0]?.n ?? this.#last + 1;
    if (after + 1 >= oldest) return this.#held.filter(({ n }) => n > after && n <= this.ready).slice(0, limit);
    for (const segment of [...this.#segments]) {
      if (segment.last <= after) continue;
      const found = await readSegment(segment.path, after, limit);
      if (found.length > 0) return found.filter(({ n }) => n <= this.ready);
    }
    return this.#held.filter(({ n }) => n <= this.ready).slice(0, limit);
  }

  /** Everything up to this number is safe at the server and may go. */
  async acknowledge(upto: number): Promise<void> {
    this.#acknowledged = Math.max(this.#acknowledged, Math.min(upto, this.#last));
    const keepFrom = this.#held.findIndex(({ n }) => n > this.#acknowledged || n > this.#durable);
    this.#held = keepFrom < 0 ? [] : this.#held.slice(keepFrom);
    this.#wake();
    await this.#deleteAcknowledged();
  }

  /**
   * Takes the server's first answer in this life. When it knows numbers that this disk never kept, the rest goes under a new name.
   */
  async agree(upto: number): Promise<void> {
    await this.acknowledge(Math.min(upto, this.#inherited));
    if (upto <= this.#inherited) return;
    this.#id = randomUUID();
    await replaceFile(join(this.#options.folder, "id"), this.#id);
  }

  /** Calls once at the next change of what may be sent or of what is acknowledged; returns what calls it off. */
  onceChanged(call: () => void): () => void {
    this.#listeners.add(call);
    return () => this.#listeners.delete(call);
  }

  #wake(): void {
    const listeners = this.#listeners;
    this.#listeners = new Set();
    for (const listener of listeners) listener();
  }

  #write(): void {
    if (this.#writing !== null || this.#retry !== null || this.#isClosed) return;
    this.#writing = this.#writeAll().finally(() => {
      this.#writing = null;
      if (!this.#isRefused && this.#durable < this.#last) this.#write();
    });
  }

  async #writeAll(): Promise<void> {
    // One turn of the event loop lets everything that ends together share a flush.
    await new Promise((turn) => setImmediate(turn));
    const waiting = this.#held.filter(({ n }) => n > this.#durable);
    const [first] = waiting;
    if (first === undefined) return;
    try {
      if (this.#active.bytes >= this.#options.segmentBytes) await this.#beginSegment(first.n);
      const bytes = Buffer.concat(waiting.map(lineOf));
      await this.#file.appendFile(bytes);
      await this.#file.datasync();
      this.#active.bytes += bytes.length;
      this.#active.last = this.#durable = waiting.at(-1)?.n ?? this.#durable;
      this.#isRefused = false;
      await this.#keepInBounds();
    } catch (error) {
      await this.#refused(error);
    }
    this.#wake();
  }

  async #refused(error: unknown): Promise<void> {
    if (!this.#isRefused) {
      this.#options.log(
        `cannot write to ${this.#options.folder}: ${describeError(error)}. Calls pass and are counted from memory; a crash of the meter before the disk takes them would lose them.`,
      );
    }
    this.#isRefused = true;
    // Half a line may stand there; readers pass over it, but the next line must not fuse with it.
    await this.#file.truncate(this.#active.bytes).catch(() => undefined);
    this.#retry = setTimeout(() => {
      this.#retry = null;
      this.#write();
    }, retryMs).unref();
  }

  async #beginSegment(first: number): Promise<void> {
    const path = join(this.#options.folder, segmentName(first));
    const file = await open(path, "a", 0o600);
    await syncFolder(this.#options.folder);
    await this.#file.close();
    this.#file = file;
    this.#segments.push({ path, first, last: first - 1, bytes: 0 });
    await this.#deleteAcknowledged();
  }

  async #deleteAcknowledged(): Promise<void> {
    for (;;) {
      const [oldest, next] = this.#segments;
      // The last one stays, empty or not: its name carries the numbers on.
      if (!oldest || !next || oldest.last > this.#acknowledged) return;
      this.#segments.shift();
      await rm(oldest.path, { force: true });
    }
  }

  async #keepInBounds(): Promise<void> {
    const total = this.#segments.reduce((sum, { bytes }) => sum + bytes, 0);
    if (total < this.#options.maxBytes / 2) this.#isDropping = false;
    const [oldest] = this.#segments;
    if (total <= this.#options.maxBytes || !oldest || this.#segments.length === 1) return;
    this.#segments.shift();
    await rm(oldest.path, { force: true });
    if (!this.#isDropping) {
      this.#options.log(
        `the spool in ${this.#options.folder} is full, because the server has not been reached for long. The oldest calls are dropped from it, and are not counted.`,
      );
    }
    this.#isDropping = true;
  }

  #forgetOldest(): void {
    const [oldest] = this.#held;
    // On disk it is read again when its turn comes.
    if (oldest && oldest.n > this.#durable && !this.#isDropping) {
      this.#isDropping = true;
      this.#options.log("neither the disk nor the server takes calls; the oldest ones in memory are no longer counted");
    }
    this.#held.shift();
  }

  /** Resolves when nothing waits to be written any more. */
  async flush(): Promise<void> {
    while (this.#writing !== null) await this.#writing;
  }

  /** Writes what waits and closes the file. */
  async close(): Promise<void> {
    await this.flush();
    this.#isClosed = true;
    if (this.#durable < this.#last) await this.#writeAll();
    this.#cancelRetry();
    await this.#file.close();
  }

  #cancelRetry(): void {
    if (this.#retry !== null) clearTimeout(this.#retry);
    this.#retry = null;
  }

  get #active(): Segment {
    const active = this.#segments.at(-1);
    invariant(active, "the last segment is never dropped or deleted");
    return active;
  }
}
