import { realpath, rename, rm } from "node:fs/promises";
import { resolve } from "node:path";
import { syncFolderOf, temporaryName, writeNew } from "./durable-file.ts";
import { generationsOf, keepCurrent, quarantine, readStart, readWhole, removeAbandoned } from "./generations.ts";
import { claimedGeneration, decodeState, encodeState, LONGEST_HEADER } from "./state-format.ts";
import { StorageError, systemCode, unreadable, unwritable } from "./storage-error.ts";
import { oneAtATime } from "./turns.ts";
import { realWorld, utcName, type World } from "./world.ts";

export interface StateFileOptions {
  /** Generations on disk, the current one included: 1 to 100, default 3. */
  readonly keep?: number | undefined;
}

/** What an agent goes on from. */
export interface LoadedState<T> {
  readonly value: T;
  /** Rises with every save; 0 for a plain JSON file from before the agent kept its state here. */
  readonly generation: number;
  /** RFC 3339, UTC; null for a plain JSON file, which does not say. */
  readonly savedAt: string | null;
  /** Damaged files that this load put aside. Not empty: what was saved last may be lost, and this is the newest that is whole. */
  readonly quarantined: readonly QuarantinedFile[];
}

export interface QuarantinedFile {
  /** Where it was. */
  readonly path: string;
  /** Where it is now. */
  readonly movedTo: string;
  /** Why, as a clause about "it". */
  readonly reason: string;
  /** As its header says, if that could be read. */
  readonly generation: number | null;
}

const MAX_KEEP = 100;
const MAX_LOOKS = 5;

/**
 * The state of an agent in one file, as JSON, with a checksum and its earlier generations beside it (`state.json.1`, `.2` …).
 *
 * A save is whole or did not happen, also when the process is killed or the power fails in the middle of it. A damaged file is
 * moved to `state.json.corrupt-<UTC time>-<n>` and never deleted or written over: such files pile up, and are yours to look
 * at and to remove. Saves of one object happen one after the other; two processes on one file do not damage it, the last one wins.
 */
export class StateFile<T = unknown> {
  readonly #path: string;
  readonly #keep: number;
  readonly #world: Pick<World, "wallMs" | "log">;
  /** The highest generation seen, also among the damaged. */
  #highest = 0;
  /** True once everything there was could be read; before that nothing is written. */
  #hasLooked = false;
  #quarantined: readonly QuarantinedFile[] = [];
  readonly #inTurn = oneAtATime();

  /** Reads and writes nothing yet. Throws a RangeError for a `keep` that is not a whole number from 1 to 100. */
  constructor(path: string, options: StateFileOptions = {}, world: Pick<World, "wallMs" | "log"> = realWorld) {
    const { keep = 3 } = options;
    if (!Number.isInteger(keep) || keep < 1 || keep > MAX_KEEP) {
      throw new RangeError(`keep must be a whole number from 1 to ${MAX_KEEP}, got ${keep}`);
    }
    // Now, because an agent may change its folder later.
    this.#path = resolve(path);
    this.#keep = keep;
    this.#world = world;
  }

  /** The damaged files that the last look put aside; also when nothing whole was left, and `load` answered null. */
  get quarantined(): readonly QuarantinedFile[] {
    return this.#quarantined;
  }

  /**
   * The newest whole generation; null when there never was one, or none is whole. Damaged files are moved to quarantine,
   * each with a line in the log. Rejects with a StorageError for a file that is there and cannot be read (`unreadable`), cannot be moved to
   * quarantine (`unwritable`) or comes from a later SDK (`newer_format`): saving over it might lose it.
   */
  async load(): Promise<LoadedState<T> | null> {
    return this.#inTurn(() => this.#look());
  }

  /**
   * Replaces the state; once this resolves it is on disk. `value` is taken as it is now. Rejects with a StorageError: `not_json`,
   * or `unwritable` (disk full, no permission), or what `load` rejects with; the state saved before is then still there.
   */
  async save(value: T): Promise<void> {
    const payload = payloadOf(value);
    return this.#inTurn(() => this.#store(payload));
  }

  async #look(): Promise<LoadedState<T> | null> {
    const file = await this.#file();
    const quarantined: QuarantinedFile[] = [];
    this.#quarantined = quarantined;
    for (let look = 1; ; look += 1) {
      const seen = await this.#lookOnce(file, quarantined);
      if (seen !== "changed") {
        this.#hasLooked = true;
        return seen;
      }
      if (look === MAX_LOOKS) throw unreadable(file, new Error("other processes keep replacing it"));
    }
  }

  async #lookOnce(file: string, quarantined: QuarantinedFile[]): Promise<LoadedState<T> | null | "changed"> {
    if (!this.#hasLooked) await reading(file, () => removeAbandoned(file, this.#world.wallMs()));
    let newest: LoadedState<T> | null = null;
    for (const path of await reading(file, () => generationsOf(file))) {
      const found = await reading(path, () => readWhole(path));
      if (found === null) continue;
      const content = decodeState(found.bytes);
      if ("generation" in content) this.#highest = Math.max(this.#highest, content.generation ?? 0);
      switch (content.kind) {
        case "newer":
          throw new StorageError(
            "newer_format",
            `${path} has format ${content.version}, which this SDK does not know. Install the SDK that wrote it, or move the file away to begin without it.`,
          );
        case "damaged": {
          const { reason, generation } = content;
          const stem = `${file}.corrupt-${utcName(this.#world)}`;
          const movedTo = await writing(path, () => quarantine(path, stem, found.identity));
          if (movedTo === null) return "changed";
          this.#world.log(`${path} is damaged (${reason}); it was moved to ${movedTo}`);
          quarantined.push({ path, movedTo, reason, generation });
          break;
        }
        case "legacy":
        case "valid": {
          const at = content.kind === "valid" ? content : { generation: 0, savedAt: null };
          // Of two with one generation the first counts, which is the current file.
          if (newest !== null && newest.generation >= at.generation) break;
          newest = { value: content.value as T, generation: at.generation, savedAt: at.savedAt, quarantined };
        }
      }
    }
    return newest;
  }

  async #store(payload: Uint8Array): Promise<void> {
    if (!this.#hasLooked) await this.#look();
    const file = await this.#file();
    const start = await reading(file, () => readStart(file, LONGEST_HEADER));
    // Another process may have saved meanwhile.
    const generation = Math.max(this.#highest, (start && claimedGeneration(start)) ?? 0) + 1;
    this.#highest = generation;
    const savedAt = new Date(this.#world.wallMs()).toISOString();
    await writing(file, () => replace(file, encodeState(payload, generation, savedAt), this.#keep));
  }

  /** Behind a link to a file lies the file: replacing the link would leave the state behind on the other volume. */
  async #file(): Promise<string> {
    try {
      return await realpath(this.#path);
    } catch {
      // It does not exist yet, or reading it fails in a moment with a better word.
      return this.#path;
    }
  }
}

function payloadOf(value: unknown): Uint8Array {
  let json: unknown;
  try {
    json = JSON.stringify(value);
  } catch (error) {
    throw new StorageError("not_json", `the state cannot be written as JSON: ${(error as Error).message}`, error);
  }
  if (typeof json === "string") return Buffer.from(json);
  throw new StorageError("not_json", `the state cannot be written as JSON: it is of type ${typeof value}`);
}

async function replace(file: string, content: Uint8Array, keep: number): Promise<void> {
  const temporary = temporaryName(file);
  await writeNew(temporary, content);
  try {
    await keepCurrent(file, keep);
    await rename(temporary, file);
  } catch (error) {
    await rm(temporary, { force: true });
    throw error;
  }
  await syncFolderOf(file);
}

async function reading<R>(path: string, task: () => Promise<R>): Promise<R> {
  try {
    return await task();
  } catch (error) {
    throw systemCode(error) === "" ? error : unreadable(path, error);
  }
}

async function writing<R>(path: string, task: () => Promise<R>): Promise<R> {
  try {
    return await task();
  } catch (error) {
    throw unwritable(path, error);
  }
}
