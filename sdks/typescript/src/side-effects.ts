import { closeSync, fstatSync, openSync, readFileSync, realpathSync, statSync } from "node:fs";
import { open, rename, rm } from "node:fs/promises";
import { resolve } from "node:path";
import { syncFolderOf, temporaryName, writeNew } from "./durable-file.ts";
import { freeName } from "./generations.ts";
import {
  beginStep,
  doneStep,
  enter,
  lineOf,
  linesOf,
  readLines,
  type InFlight,
  type Ledger,
  type Step,
} from "./side-effect-lines.ts";
import { StorageError, systemCode, unreadable, unwritable } from "./storage-error.ts";
import { oneAtATime } from "./turns.ts";
import { realWorld, utcName, type World } from "./world.ts";

export interface SideEffectsOptions {
  /** How many keys that are done are remembered, the latest: 1 to 100,000, default 10,000. An older one would be `new` again. */
  readonly keep?: number | undefined;
}

const DEFAULT_KEEP = 10_000;
const MAX_KEEP = 100_000;
const MAX_IN_FLIGHT = 10_000;
const MAX_KEY = 512;
const MAX_NOTE = 2_000;
const MAX_RESULT_BYTES = 4_096;
/** The file is written anew when it has this many lines beyond twice the fewest. */
const SLACK_LINES = 250;

/**
 * At most once for what must not happen twice: mails, payments, posts. A key is on disk before its effect may begin, so
 * after a crash the agent is told what was in flight, and asks the other side, or a human, whether it happened.
 *
 *     for (const step of effects.inFlight()) …            // at the start: begun by an earlier life, and not known to be done
 *     if ((await effects.begin("mail-118")) === "new") {
 *       const answer = await sendMail();
 *       await effects.done("mail-118", { id: answer.id });
 *     }
 *
 * The file holds a line with a checksum for each step. Damaged lines are moved to `<file>.torn-<UTC time>-<n>`, which is yours to look at and to
 * remove; a torn tail costs the last step, which was never confirmed. One process at a time: a second one sees what the first has
 * written, but two that begin the same key in the same instant are not told apart.
 */
export class SideEffects {
  readonly #file: string;
  readonly #keep: number;
  readonly #world: Pick<World, "wallMs" | "log">;
  readonly #ledger: Ledger = { inFlight: new Map(), done: new Map() };
  /** Which file was read or written last, and how long it was: anything else has to be read first. */
  #known: { readonly ino: bigint; readonly size: bigint } | null = null;
  #lines = 0;
  #torn: Uint8Array[] = [];
  #mustRewrite = false;
  readonly #inTurn = oneAtATime();

  /** Reads the file, if there is one. Throws a StorageError (`unreadable`), and a RangeError for a `keep` out of its range. */
  constructor(path: string, options: SideEffectsOptions = {}, world: Pick<World, "wallMs" | "log"> = realWorld) {
    const { keep = DEFAULT_KEEP } = options;
    if (!Number.isInteger(keep) || keep < 1 || keep > MAX_KEEP) {
      throw new RangeError(`keep must be a whole number from 1 to ${MAX_KEEP}, got ${keep}`);
    }
    this.#keep = keep;
    this.#world = world;
    this.#file = realPathOf(resolve(path));
    this.#refresh();
  }

  /** What was begun and is neither done nor abandoned, the oldest first. */
  inFlight(): InFlight[] {
    return [...this.#ledger.inFlight.values()];
  }

  /** What `done` was told of this key; null when that was nothing, or the key is not done. */
  resultOf(key: string): unknown {
    return this.#ledger.done.get(key)?.result ?? null;
  }

  /**
   * `new`: it is on disk as begun, do it now. `in-flight`: it was begun before, and whether it happened is not known. `done`: it
   * happened. A key is 1 to 512 characters; a note is for the one who reads it after a crash, its first 2,000 are kept. Rejects
   * with a StorageError when it could not be kept (`unwritable`, `unreadable`, `too_many_in_flight`): then do not do it.
   */
  async begin(key: string, note?: string): Promise<"new" | "in-flight" | "done"> {
    checkKey(key);
    return this.#inTurn(async () => {
      this.#refresh();
      const { inFlight, done } = this.#ledger;
      if (done.has(key)) return "done";
      if (inFlight.has(key)) return "in-flight";
      if (inFlight.size >= MAX_IN_FLIGHT) {
        throw new StorageError(
          "too_many_in_flight",
          `${MAX_IN_FLIGHT} side effects in ${this.#file} are begun and not done; say done or abandon for those that are over`,
        );
      }
      await this.#append(beginStep(key, this.#now(), note?.slice(0, MAX_NOTE) ?? null));
      return "new";
    });
  }

  /**
   * It happened; `begin` answers `done` from now on, also without having been asked before. `result` is kept for `resultOf` when it
   * is JSON of at most 4,096 bytes. Rejects with a StorageError when that could not be kept; the key is then still in flight.
   */
  async done(key: string, result: unknown = null): Promise<void> {
    checkKey(key);
    const kept = this.#resultToKeep(key, result);
    return this.#inTurn(async () => {
      this.#refresh();
      await this.#append(doneStep(key, this.#now(), kept));
    });
  }

  /** It did not happen, or nobody will ever know: `begin` answers `new` again. Does nothing for a key that is not in flight. */
  async abandon(key: string): Promise<void> {
    checkKey(key);
    return this.#inTurn(async () => {
      this.#refresh();
      if (this.#ledger.inFlight.has(key)) await this.#append({ op: "abandon", key, at: this.#now() });
    });
  }

  #now(): string {
    return new Date(this.#world.wallMs()).toISOString();
  }

  /** Reads the file unless it is as this object left it. What is known already stays known, should somebody have deleted it. */
  #refresh(): void {
    try {
      const stat = statSync(this.#file, { bigint: true, throwIfNoEntry: false });
      if (stat?.ino === this.#known?.ino && stat?.size === this.#known?.size) return;
      if (stat === undefined) {
        this.#mustRewrite = true;
        this.#known = null;
        return;
      }
      const fd = openSync(this.#file, "r");
      try {
        this.#take(readFileSync(fd), fstatSync(fd, { bigint: true }).ino);
      } finally {
        closeSync(fd);
      }
    } catch (error) {
      throw systemCode(error) === "" ? error : unreadable(this.#file, error);
    }
  }

  #take(bytes: Uint8Array, ino: bigint): void {
    const { steps, damaged } = readLines(bytes);
    for (const step of steps) enter(this.#ledger, step, this.#keep);
    if (damaged.length > 0) {
      const [first] = damaged;
      const where = damaged.length > 1 ? `${damaged.length} lines, the first is` : "line";
      this.#world.log(`${this.#file} is damaged in ${where} ${first?.line ?? 0}; it is put aside before the next step`);
    }
    this.#torn = damaged.map((piece) => piece.bytes);
    this.#mustRewrite = damaged.length > 0;
    this.#lines = steps.length;
    this.#known = { ino, size: BigInt(bytes.byteLength) };
  }

  async #append(step: Step): Promise<void> {
    try {
      const fewest = this.#ledger.inFlight.size + this.#ledger.done.size;
      if (this.#mustRewrite || this.#lines > 2 * fewest + SLACK_LINES) await this.#rewrite();
      await this.#write(lineOf(step));
    } catch (error) {
      throw unwritable(this.#file, error);
    }
    this.#lines += 1;
    enter(this.#ledger, step, this.#keep);
  }

  async #write(line: string): Promise<void> {
    const bytes = Buffer.from(line);
    const file = await open(this.#file, "a", 0o600);
    try {
      const before = await file.stat({ bigint: true });
      try {
        await file.writeFile(bytes);
        await file.sync();
        if (this.#known === null) await syncFolderOf(this.#file);
      } catch (error) {
        // The caller is told that it was not kept, so it must not be found later. If even this fails, it is found in flight.
        await file.truncate(Number(before.size)).catch(() => undefined);
        throw error;
      }
      this.#known = { ino: before.ino, size: before.size + BigInt(bytes.byteLength) };
    } finally {
      await file.close();
    }
  }

  /** Puts damaged lines aside and leaves the fewest lines that say the same. */
  async #rewrite(): Promise<void> {
    if (this.#torn.length > 0) {
      await writeNew(await freeName(`${this.#file}.torn-${utcName(this.#world)}`), Buffer.concat(this.#torn));
      await syncFolderOf(this.#file);
      this.#torn = [];
    }
    const lines = linesOf(this.#ledger);
    const temporary = temporaryName(this.#file);
    try {
      await writeNew(temporary, Buffer.from(lines.join("")));
      await rename(temporary, this.#file);
    } catch (error) {
      await rm(temporary, { force: true });
      throw error;
    }
    await syncFolderOf(this.#file);
    this.#lines = lines.length;
    this.#mustRewrite = false;
  }

  #resultToKeep(key: string, result: unknown): unknown {
    let json: unknown;
    try {
      json = JSON.stringify(result);
    } catch {
      // No JSON; said below.
    }
    if (typeof json === "string" && Buffer.byteLength(json) <= MAX_RESULT_BYTES) return JSON.parse(json);
    this.#world.log(
      `the result of the side effect ${key} is no JSON of at most ${MAX_RESULT_BYTES} bytes; it is not kept`,
    );
    return null;
  }
}

function checkKey(key: unknown): void {
  if (typeof key === "string" && key.length > 0 && key.length <= MAX_KEY) return;
  throw new RangeError(`the key of a side effect is a text of 1 to ${MAX_KEY} characters`);
}

/** Behind a link to a file lies the file, and a file that is yet to be lies where it is said to. */
function realPathOf(path: string): string {
  try {
    return realpathSync(path);
  } catch {
    return path;
  }
}
