// What an agent prints, in a file of bounded size. The agent itself holds the file open (for append), so the file can not
// be renamed away from under it: when it has grown too far its end is copied aside and the file is emptied in place.
// Lines printed between the copy and the emptying are lost; that is the price of an agent that survives its supervisor.

import { constants } from "node:fs";
import { copyFile, open, rename, rm, stat, truncate, writeFile, type FileHandle } from "node:fs/promises";

export interface OutputLogOptions {
  readonly path: string;
  /** The file is emptied beyond this; with the part kept aside at most about twice as much is used. */
  readonly maxBytes: number;
  /** Also hears everything that is printed, as it comes. */
  readonly onOutput: ((chunk: Buffer) => void) | null;
}

const lineLimit = 400;
const lastBytes = 64 * 1024;
const readChunk = 64 * 1024;
/** Below this a run is started without its output. */
const roomBytes = 64 * 1024;

export class OutputLog {
  readonly #options: OutputLogOptions;
  /** Where the next output is heard from. */
  #heard = 0;
  /** Where the present run began to print. */
  #runStart = 0;
  #looking: Promise<void> = Promise.resolve();
  #sizeSeen = 0;
  #chatty = false;

  constructor(options: OutputLogOptions) {
    this.#options = options;
  }

  get path(): string {
    return this.#options.path;
  }

  /** It grew by a tenth of its bound since the last look: the next should come soon. */
  get isChatty(): boolean {
    return this.#chatty;
  }

  /**
   * Opens the file for a run that is about to start. The caller closes its handle once the run has its own. Rejects when
   * there is no room: in most languages a program dies of printing into a full disk, and it had better live unheard.
   */
  async openForRun(): Promise<FileHandle> {
    await this.look();
    // Whatever comes of this, what is there by now is none of the new run's.
    this.#runStart = (await sizeOf(this.path)) ?? 0;
    await proveRoom(`${this.path}.probe`);
    const file = await open(this.path, constants.O_WRONLY | constants.O_APPEND | constants.O_CREAT, 0o600);
    this.#runStart = (await file.stat()).size;
    this.#heard = this.#runStart;
    return file;
  }

  /** After adoption: the run's output began somewhere in what is there; only new output is heard. */
  async resume(): Promise<void> {
    this.#heard = (await sizeOf(this.path)) ?? 0;
    this.#runStart = 0;
  }

  /** Passes on new output and keeps the size in its bound. Called again and again; turns queue up. */
  look(): Promise<void> {
    const turn = this.#looking.then(() => this.#look());
    // A full or vanished disk must not stop the watch; the next turn tries again.
    this.#looking = turn.catch(() => undefined);
    return this.#looking;
  }

  async #look(): Promise<void> {
    const size = await sizeOf(this.path);
    if (size === null) return;
    this.#chatty = size - this.#sizeSeen > this.#options.maxBytes / 10;
    this.#sizeSeen = size;
    if (size < this.#heard) this.#heard = 0;
    if (this.#options.onOutput !== null) await this.#passOn(size, this.#options.onOutput);
    this.#heard = Math.max(this.#heard, size);
    if (size > this.#options.maxBytes) await this.#rotate(size);
  }

  async #passOn(size: number, hear: (chunk: Buffer) => void): Promise<void> {
    if (size <= this.#heard) return;
    const file = await open(this.path, "r");
    try {
      while (this.#heard < size) {
        const chunk = Buffer.allocUnsafe(Math.min(readChunk, size - this.#heard));
        const { bytesRead } = await file.read(chunk, 0, chunk.length, this.#heard);
        if (bytesRead === 0) return;
        this.#heard += bytesRead;
        hear(chunk.subarray(0, bytesRead));
      }
    } finally {
      await file.close();
    }
  }

  async #rotate(size: number): Promise<void> {
    const aside = `${this.path}.1`;
    if (size <= 2 * this.#options.maxBytes) await copyFile(this.path, `${aside}.tmp`);
    else await copyTail(this.path, `${aside}.tmp`, this.#options.maxBytes);
    await rename(`${aside}.tmp`, aside);
    await truncate(this.path, 0);
    this.#sizeSeen = 0;
    this.#heard = 0;
    this.#runStart = 0;
  }

  /** The last lines the present run printed, bounded in number and length. Empty when there are none or none can be read. */
  async lastLines(limit: number): Promise<readonly string[]> {
    try {
      const file = await open(this.path, "r");
      try {
        const { size } = await file.stat();
        const start = Math.max(this.#runStart <= size ? this.#runStart : 0, size - lastBytes);
        const bytes = Buffer.alloc(size - start);
        const { bytesRead } = await file.read(bytes, 0, bytes.length, start);
        return lastLinesOf(bytes.toString("utf8", 0, bytesRead), limit);
      } finally {
        await file.close();
      }
    } catch {
      // No log, no last words; the exit itself is still told.
      return [];
    }
  }
}

export function lastLinesOf(text: string, limit: number): readonly string[] {
  const lines = text.split(/\r?\n/).filter((line) => line.trim() !== "");
  return lines.slice(-limit).map((line) => (line.length > lineLimit ? `${line.slice(0, lineLimit - 1)}…` : line));
}

/** What the file system says is free is not what this user may have: it is tried. */
async function proveRoom(probe: string): Promise<void> {
  try {
    await writeFile(probe, Buffer.alloc(roomBytes), { mode: 0o600 });
  } finally {
    await rm(probe, { force: true });
  }
}

async function sizeOf(path: string): Promise<number | null> {
  try {
    return (await stat(path)).size;
  } catch {
    // Not there yet, or removed by somebody: nothing to read.
    return null;
  }
}

async function copyTail(from: string, to: string, bytes: number): Promise<void> {
  const source = await open(from, "r");
  const target = await open(to, "w", 0o600);
  try {
    let position = (await source.stat()).size - bytes;
    const end = position + bytes;
    const chunk = Buffer.allocUnsafe(readChunk);
    while (position < end) {
      const { bytesRead } = await source.read(chunk, 0, chunk.length, position);
      if (bytesRead === 0) break;
      await target.write(chunk, 0, bytesRead);
      position += bytesRead;
    }
  } finally {
    await source.close();
    await target.close();
  }
}
