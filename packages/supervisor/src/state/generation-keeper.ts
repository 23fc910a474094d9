// Which states become generations: what an agent is started from, and what it is well with. The second kind counts more: an
// agent in a crash loop that changes its state each time must not push out the last state that worked.

import { describeError } from "../failure.ts";
import type { SetCopy } from "./copy-set.ts";
import { copyKept, dropCopy, publish, signatureOf, type Begun } from "./copy-kept.ts";
import type { FileReport } from "./examine.ts";
import type { GateWorld } from "./gate-world.ts";
import { proveGeneration, readGenerations, type Generation } from "./generation.ts";
import { isSameAsCopies, snapshotOf } from "./snapshot.ts";

type Say = (line: string) => void;

export class GenerationKeeper {
  readonly #world: GateWorld;
  /** Why none could be kept last time; said once for each reason. */
  #notKept: string | null = null;

  constructor(world: GateWorld) {
    this.#world = world;
  }

  /** Keeps what the agent is about to be started from, unless it is the newest already. `begun`: copies of it, if there are any. */
  async keepAdmitted(
    reports: readonly FileReport[],
    newest: Generation | undefined,
    { begun, say }: { readonly begun: Begun | null; readonly say: Say },
  ): Promise<void> {
    const world = this.#world;
    const now = snapshotOf(reports);
    const isKept = newest !== undefined && isSameAsCopies(now, newest.files);
    if (world.kept.length === 0 || isKept) {
      if (begun) await dropCopy(begun.folder);
      return;
    }
    try {
      const copied = begun ? ({ ok: true, begun } as const) : await copyKept(world, { check: false });
      if (!copied.ok) this.#sayNotKept(copied.why, say);
      // Somebody has written it since it was looked at; the next time will do.
      else if (!isSameAsCopies(now, copied.begun.copy.files)) await dropCopy(copied.begun.folder);
      else await this.#publish(copied.begun, { proven: false });
    } catch (error) {
      this.#sayNotKept(describeError(error), say);
    }
  }

  /** Keeps what the agent is well with; resolves to the paths at which there is a file now. */
  async keepProven(thereBefore: readonly string[], say: Say): Promise<readonly string[]> {
    const world = this.#world;
    const notKept = thereBefore.filter((path) => world.kept.every((file) => file.path !== path));
    if (world.kept.length === 0) return thereBefore;
    const [newest] = await readGenerations(world.good);
    const { text: signature, bytes } = await signatureOf(world);
    if (bytes === null) return notKept;
    if (newest?.signature === signature) {
      if (!newest.proven) await proveGeneration(newest, signature);
      return thereBefore;
    }
    const copied = await copyKept(world, { check: true });
    if (!copied.ok) {
      this.#sayNotKept(copied.why, say);
      return thereBefore;
    }
    const { begun } = copied;
    const isSame = newest !== undefined && hasSameBytes(begun.copy, newest);
    // A copy that is not good may have been taken in the middle of a write.
    const isGood = begun.copy.verdicts.every(({ is }) => is === "good");
    if (isGood && !isSame) await this.#publish(begun, { proven: true });
    else await dropCopy(begun.folder);
    if (isSame) await proveGeneration(newest, begun.signature);
    if (!isGood) return thereBefore;
    return [...notKept, ...begun.copy.files.filter(({ name }) => name !== null).map(({ path }) => path)];
  }

  sayNotKept(error: unknown, say: Say): void {
    this.#sayNotKept(describeError(error), say);
  }

  async #publish(begun: Begun, { proven }: { readonly proven: boolean }): Promise<void> {
    try {
      await publish(this.#world, begun, proven);
    } catch (error) {
      await dropCopy(begun.folder);
      throw error;
    }
    this.#notKept = null;
  }

  #sayNotKept(why: string | null, say: Say): void {
    if (why === null || why === this.#notKept) return;
    this.#notKept = why;
    say(`no generation of its state is kept: ${why}`);
  }
}

function hasSameBytes({ files }: SetCopy, generation: Generation): boolean {
  return files.every(({ path, digest }) => generation.files.some((one) => one.path === path && one.digest === digest));
}
