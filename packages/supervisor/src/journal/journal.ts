// What the supervisor must know after its own death: one small file per agent, replaced as a whole. A decision is
// written before it is carried out. Writings of one agent queue up and only the newest waits, so a burst of events costs
// two writings and not a hundred.

import { readdir, readFile, rename, rm } from "node:fs/promises";
import { join } from "node:path";
import { fileNameOf, makeFolder, replaceFile } from "../durable-file.ts";
import { describeError, SupervisorError } from "../failure.ts";
import { decodeEntry, encodeEntry, type JournalEntry } from "./entry.ts";

interface Writer {
  next: { entry: JournalEntry; done: PromiseWithResolvers<undefined> } | null;
  running: Promise<void> | null;
}

export interface LoadedJournal {
  readonly entries: ReadonlyMap<string, JournalEntry>;
  /** Files that could not be read and were put aside, for a word to the operator. */
  readonly damaged: readonly string[];
}

export class Journal {
  readonly #folder: string;
  readonly #writers = new Map<string, Writer>();

  private constructor(folder: string) {
    this.#folder = folder;
  }

  static async open(folder: string): Promise<Journal> {
    await makeFolder(folder);
    return new Journal(folder);
  }

  /**
   * Reads all entries. A damaged file is moved aside, never overwritten: a person may still save something from it.
   * Rejects with `data_folder_unwritable` when the folder cannot be used.
   */
  async load(): Promise<LoadedJournal> {
    const entries = new Map<string, JournalEntry>();
    const damaged: string[] = [];
    try {
      for (const name of await readdir(this.#folder)) {
        const path = join(this.#folder, name);
        // A writing that a crash cut short; the file it was to replace is whole.
        if (name.endsWith(".tmp")) await rm(path, { force: true });
        if (!name.endsWith(".json")) continue;
        const entry = decodeEntry(await readFile(path, "utf8"));
        if (entry) {
          entries.set(entry.agent, entry);
          continue;
        }
        const aside = `${path}.damaged-${Date.now()}`;
        await rename(path, aside);
        damaged.push(aside);
      }
    } catch (cause) {
      throw new SupervisorError(
        "data_folder_unwritable",
        `cannot read the journal in ${this.#folder}: ${describeError(cause)}. Make the folder and its files readable and writable for this user.`,
        { cause },
      );
    }
    return { entries, damaged };
  }

  /** Resolves when this entry, or a newer one of the same agent, is durable. Rejects with `journal_write_failed` (retryable). */
  save(entry: JournalEntry): Promise<undefined> {
    const writer = this.#writers.get(entry.agent) ?? { next: null, running: null };
    this.#writers.set(entry.agent, writer);
    if (writer.next) writer.next.entry = entry;
    else writer.next = { entry, done: Promise.withResolvers<undefined>() };
    const { promise } = writer.next.done;
    writer.running ??= this.#write(writer);
    return promise;
  }

  async #write(writer: Writer): Promise<void> {
    while (writer.next) {
      const { entry, done } = writer.next;
      writer.next = null;
      try {
        await replaceFile(this.#pathOf(entry.agent), encodeEntry(entry));
        done.resolve(undefined);
      } catch (cause) {
        done.reject(
          new SupervisorError(
            "journal_write_failed",
            `cannot write to ${this.#folder}: ${describeError(cause)}. Free some space or make the folder writable; until then restart counters do not survive the supervisor.`,
            { cause, retryable: true },
          ),
        );
      }
    }
    // In the same breath as the last look at what waits: a save that comes any later begins anew.
    writer.running = null;
  }

  /** Forgets an agent that is no longer kept. */
  async remove(agent: string): Promise<void> {
    await rm(this.#pathOf(agent), { force: true });
  }

  #pathOf(agent: string): string {
    return join(this.#folder, `${fileNameOf(agent)}.json`);
  }

  /** Waits for everything that is being written. */
  async settled(): Promise<void> {
    for (const { running } of this.#writers.values()) await running;
  }
}
