// The incidents of all agents, kept live: what is open, and what was lately.

import { signal } from "@preact/signals";
import { api } from "./api.ts";
import type { IncidentView } from "./api-types.ts";
import { putIncident } from "./history.ts";
import { listen } from "./live-fleet.ts";

export class IncidentLog {
  /** Newest first; null until they are loaded. */
  readonly incidents = signal<readonly IncidentView[] | null>(null);
  /** Why they could not be loaded; null when they could. */
  readonly problem = signal<string | null>(null);

  readonly #stopListening: () => void;

  constructor() {
    this.#stopListening = listen({
      heard: (message) => {
        if (message.event === "incident") this.incidents.value = putIncident(this.incidents.value ?? [], message.data);
      },
      reloaded: () => void this.load(),
    });
    void this.load();
  }

  async load(): Promise<void> {
    const answer = await api.incidents(null);
    if (answer.ok) this.incidents.value = answer.value.items;
    this.problem.value = answer.ok ? null : answer.refusal.message;
  }

  close(): void {
    this.#stopListening();
  }
}
