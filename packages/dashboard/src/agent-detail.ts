// What the page of one agent knows beyond the fleet: its incidents, its history, and one page of cycles at a time, so
// that going far back in time costs no more memory than staying here.

import { batch, signal, type Signal } from "@preact/signals";
import { api, type Answer } from "./api.ts";
import type { BeatView, EventView, IncidentView, StreamMessage } from "./api-types.ts";
import { maxRecentBeats, mergeBeats } from "./fleet.ts";
import { putEvent, putIncident } from "./history.ts";
import { listen, rememberAgent } from "./live-fleet.ts";

const cyclesPerPage = 500;

export class AgentDetail {
  readonly name: string;
  readonly missing = signal(false);
  /** True once everything was asked for and answered, well or badly: the page then has its final height. */
  readonly settled = signal(false);
  readonly incidents = signal<readonly IncidentView[] | null>(null);
  readonly events = signal<readonly EventView[] | null>(null);
  /** One page, oldest first; null until it is loaded. */
  readonly cycles = signal<readonly BeatView[] | null>(null);
  /** Cursors of the pages gone back to; empty is now. */
  readonly back = signal<readonly string[]>([]);
  readonly olderCursor = signal<string | null>(null);
  /** Why the last request of this page was refused; null when none was. */
  readonly problem = signal<string | null>(null);

  readonly #stopListening: () => void;
  #cyclesAsked = 0;
  #closed = false;

  constructor(name: string) {
    this.name = name;
    this.#stopListening = listen({
      heard: (message) => this.#hear(message),
      reloaded: () => void this.load(),
    });
    void this.load();
  }

  close(): void {
    this.#closed = true;
    this.#stopListening();
  }

  async load(): Promise<void> {
    this.problem.value = null;
    const [agent, events, incidents] = await Promise.all([
      api.agent(this.name, maxRecentBeats),
      api.events(this.name),
      api.incidents(this.name),
      this.back.value.length === 0 ? this.#loadCycles(null) : undefined,
    ]);
    if (this.#closed) return;
    batch(() => {
      if (agent.ok) rememberAgent(agent.value);
      if (events.ok) this.events.value = events.value.items;
      if (incidents.ok) this.incidents.value = incidents.value.items;
      this.missing.value = !agent.ok && agent.refusal.status === 404;
      if (!this.missing.value) this.problem.value ??= firstRefusal([agent, events, incidents]);
      this.settled.value = true;
    });
  }

  /** One page of cycles back in time. */
  async older(): Promise<void> {
    const cursor = this.olderCursor.value;
    if (cursor === null) return;
    if (await this.#loadCycles(cursor)) this.back.value = [...this.back.value, cursor];
  }

  /** One page forward again. */
  async newer(): Promise<void> {
    const back = this.back.value.slice(0, -1);
    if (await this.#loadCycles(back.at(-1) ?? null)) this.back.value = back;
  }

  async latest(): Promise<void> {
    if (await this.#loadCycles(null)) this.back.value = [];
  }

  async #loadCycles(cursor: string | null): Promise<boolean> {
    const asked = (this.#cyclesAsked += 1);
    const answer = await api.cycles(this.name, cursor, cyclesPerPage);
    // A later request has overtaken this one, or the page is gone.
    if (this.#closed || asked !== this.#cyclesAsked) return false;
    if (answer.ok) {
      this.cycles.value = answer.value.items.toReversed();
      this.olderCursor.value = answer.value.next;
    } else if (answer.refusal.status !== 404) {
      this.problem.value = answer.refusal.message;
    }
    return answer.ok;
  }

  #hear(message: StreamMessage): void {
    switch (message.event) {
      case "agent":
        if (message.data.name !== this.name) return;
        this.missing.value = false;
        if (this.back.value.length === 0) grow(this.cycles, message.data.recent ?? []);
        return;
      case "agent-forgotten":
        if (message.data.name === this.name) this.missing.value = true;
        return;
      case "history":
        if (message.data.agent === this.name) this.events.value = putEvent(this.events.value ?? [], message.data);
        return;
      case "incident":
        if (message.data.agent === this.name) {
          this.incidents.value = putIncident(this.incidents.value ?? [], message.data);
        }
        return;
      case "hello":
      case "resync":
        return;
    }
  }
}

function firstRefusal(answers: readonly Answer<unknown>[]): string | null {
  for (const answer of answers) if (!answer.ok) return answer.refusal.message;
  return null;
}

/** A page that is looked at live grows to twice its size before its oldest cycles go. */
function grow(cycles: Signal<readonly BeatView[] | null>, fresh: readonly BeatView[]): void {
  if (cycles.value) cycles.value = mergeBeats(cycles.value, fresh, 2 * cyclesPerPage);
}
