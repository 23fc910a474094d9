import type { Ms } from "@midwatch/core";
import type { SilenceDraft, SilenceRow, Store } from "@midwatch/store";
import type { Clock } from "../clock.ts";

/** Silences at once: a bound against a program that makes them in a loop. */
const maxSilences = 1_000;

/** The silences that last or are to come. Kept in memory, since the desk asks for each notice. */
export class Silences {
  readonly #store: Pick<Store, "silences" | "addSilence" | "endSilence">;
  readonly #clock: Pick<Clock, "now">;
  #known: readonly SilenceRow[] = [];

  constructor(store: Pick<Store, "silences" | "addSilence" | "endSilence">, clock: Pick<Clock, "now">) {
    this.#store = store;
    this.#clock = clock;
  }

  readonly known = (): readonly SilenceRow[] => this.#known;

  get isFull(): boolean {
    const now = this.#clock.now();
    return this.#known.filter(({ until }) => until > now).length >= maxSilences;
  }

  async reread(): Promise<void> {
    this.#known = await this.#store.silences(this.#clock.now(), maxSilences);
  }

  async add(draft: SilenceDraft): Promise<SilenceRow> {
    const row = await this.#store.addSilence(draft);
    await this.reread();
    return row;
  }

  /** False when there is none that lasts. */
  async end(id: number, by: string): Promise<boolean> {
    const at: Ms = this.#clock.now();
    const ended = await this.#store.endSilence(id, { at, by });
    await this.reread();
    return ended;
  }
}
