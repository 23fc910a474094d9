// What was told of one container lately, as far as it explains an end: how its lives ended, and memory kills in it.
// `inspect` keeps only the last end, and forgets even that one's status once a restart policy has started the next life.

import type { Ms } from "@midwatch/core";
import type { MemoryKill } from "./container-end.ts";
import type { EngineEvent } from "./engine-event.ts";

interface Told<T> {
  readonly id: string;
  readonly what: T;
}

export interface ToldEnd {
  readonly at: Ms;
  readonly exitCode: number | null;
}

const kept = 50;
/** `inspect` and the event name the same end up to a moment. */
const sameEndMs = 1_000;

export class ContainerHistory {
  readonly #ends: Told<ToldEnd>[] = [];
  readonly #kills: Told<MemoryKill>[] = [];

  note({ id, action, at, exitCode }: EngineEvent): void {
    if (action === "die") {
      // An event may be told twice, by the stream and by a question.
      if (!this.#ends.some((end) => end.id === id && end.what.at === at))
        keep(this.#ends, { id, what: { at, exitCode } });
    } else if (action === "oom") {
      this.noteKill(id, { at, by: "event" });
    }
  }

  noteKill(id: string, kill: MemoryKill): void {
    if (this.#kills.some((known) => known.id === id && known.what.at === kill.at)) return;
    keep(this.#kills, { id, what: kill });
  }

  /** That end of that container, as it was told. */
  endNear(id: string, at: Ms): ToldEnd | null {
    const near = this.#ends.filter((end) => end.id === id && Math.abs(end.what.at - at) <= sameEndMs);
    return near.sort((one, other) => Math.abs(one.what.at - at) - Math.abs(other.what.at - at))[0]?.what ?? null;
  }

  /** The last end of an earlier container, which has been replaced by this one. */
  endBefore(id: string): (ToldEnd & { readonly id: string }) | null {
    const earlier = this.#ends.findLast((end) => end.id !== id);
    return earlier ? { ...earlier.what, id: earlier.id } : null;
  }

  /** Memory kills in that container from one moment to another, oldest first. */
  kills(id: string, from: Ms, to: Ms): readonly MemoryKill[] {
    return this.#kills
      .filter((kill) => kill.id === id && kill.what.at >= from && kill.what.at <= to)
      .map(({ what }) => what)
      .sort((one, other) => one.at - other.at);
  }
}

function keep<T>(list: T[], item: T): void {
  list.push(item);
  if (list.length > kept) list.shift();
}
