// Finds out how the last life of a container ended, from three witnesses that each know a part: `inspect` (status and flag,
// until the next life begins), the events that were heard, and the daemon's memory of events, which is searched once for an
// end that is not explained otherwise: the supervisor may have begun after it, or an event come a moment after the end.

import type { DurationMs, Ms } from "@midwatch/core";
import type { LifeEnd } from "../target/platform-driver.ts";
import { describeEnd, isUnexplainedKill, type ContainerEnd, type MemoryKill } from "./container-end.ts";
import { lifeToken, type ContainerFacts } from "./container-facts.ts";
import { ContainerHistory } from "./container-history.ts";
import type { EngineClient } from "./engine-client.ts";
import { endEventsPath, parseEvent, type EngineEvent } from "./engine-event.ts";
import { linesOf } from "./lines.ts";
import { controlGroups, countMemoryKills } from "./memory-counter.ts";

/** What comes late comes within this. */
const searchMs: DurationMs = 400;
const searchBackMs: DurationMs = 60_000;
/** A memory kill that ends the container ends it within this. */
const fatalMs: DurationMs = 2_000;
const everMs: Ms = Number.MAX_SAFE_INTEGER;

export class EndFinder {
  readonly #client: EngineClient;
  readonly #history = new ContainerHistory();
  /** The end that was searched for. */
  #searchedFor: string | null = null;
  #counted: { readonly token: string; readonly kills: number } | null = null;

  constructor(client: EngineClient) {
    this.#client = client;
  }

  /** An event of this container was heard. */
  note(event: EngineEvent): void {
    this.#history.note(event);
  }

  /** Reads the kernel's counter of what runs now; to be called with every look. */
  count(facts: ContainerFacts): void {
    const token = lifeToken(facts);
    const groups = facts.pid === null ? null : controlGroups(facts.pid, facts.id);
    const kills = groups === null ? null : countMemoryKills(groups, facts.id);
    if (token === null || kills === null) return;
    const before = this.#counted?.token === token ? this.#counted.kills : 0;
    if (kills > before) this.#history.noteKill(facts.id, { at: Date.now(), by: "counter" });
    this.#counted = { token, kills };
  }

  /** Of this container; of the one that it has replaced, as long as it has never ended itself. Takes 0.4 s at most. */
  async lastEnd(facts: ContainerFacts, signal: AbortSignal): Promise<LifeEnd | null> {
    const { id, finishedAt } = facts;
    if (finishedAt === null) return this.#endOfReplaced(id);
    const find = (): ContainerEnd => this.#findEnd(facts, finishedAt);
    const key = `${id}@${finishedAt}`;
    if (!isExplained(find()) && this.#searchedFor !== key) {
      await this.#search(id, { endedAt: finishedAt, signal, isEnough: () => isExplained(find()) });
      this.#searchedFor = key;
    }
    return describeEnd(find());
  }

  /** Kills in this life that it has outlived. Those of the last moments are left out: they may be the end of it. */
  outlivedKills(facts: ContainerFacts): readonly MemoryKill[] {
    const until = facts.pid === null ? (facts.finishedAt ?? 0) : Date.now();
    return this.#history.kills(facts.id, startOf(facts), until - fatalMs);
  }

  #endOfReplaced(id: string): LifeEnd | null {
    const replaced = this.#history.endBefore(id);
    if (replaced === null) return null;
    const { at, exitCode } = replaced;
    return describeEnd({ at, exitCode, oomKilled: false, memoryKills: this.#history.kills(replaced.id, 0, everMs) });
  }

  #findEnd(facts: ContainerFacts, at: Ms): ContainerEnd {
    const { id } = facts;
    if (facts.pid === null) {
      const { exitCode, oomKilled } = facts;
      return { at, exitCode, oomKilled, memoryKills: this.#history.kills(id, startOf(facts), everMs) };
    }
    // Another life runs already, and status and flag are about that one.
    const exitCode = this.#history.endNear(id, at)?.exitCode ?? null;
    return { at, exitCode, oomKilled: false, memoryKills: this.#history.kills(id, 0, startOf(facts)) };
  }

  async #search(
    id: string,
    about: { readonly endedAt: Ms; readonly signal: AbortSignal; readonly isEnough: () => boolean },
  ): Promise<void> {
    const path = endEventsPath(Math.floor((about.endedAt - searchBackMs) / 1_000), id);
    const signal = AbortSignal.any([about.signal, AbortSignal.timeout(searchMs)]);
    try {
      for await (const line of linesOf(await this.#client.open({ path, limitMs: searchMs, signal }))) {
        const event = parseEvent(line);
        if (event !== null) this.#history.note(event);
        if (about.isEnough()) return;
      }
    } catch {
      // The stream has no end of its own: the time is up, and what has not been told by now is not known.
    }
  }
}

function isExplained(end: ContainerEnd): boolean {
  return end.exitCode !== null && !isUnexplainedKill(end);
}

function startOf({ startedAt }: ContainerFacts): Ms {
  return startedAt === null ? 0 : Date.parse(startedAt);
}
