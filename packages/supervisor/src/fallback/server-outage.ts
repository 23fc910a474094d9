// The server is what tells people of agents. When it is gone for long, somebody must be told of that, and the supervisor is the one
// that notices. Once when it begins, once when it is over; a restart of the server is no outage.

import { MINUTE, spellDuration, spellUtcTime, type DurationMs, type Ms } from "@midwatch/core";
import type { Clock } from "../clock.ts";
import type { Notice } from "./notice.ts";

export interface ServerOutageOptions {
  readonly clock: Clock;
  readonly now: () => Ms;
  /** How this machine is called. */
  readonly host: string;
  readonly isReachable: () => boolean;
  readonly tell: (notice: Notice) => void;
}

/** Long enough for an update of the server, or a reboot of its machine. */
const tellAfterMs: DurationMs = 5 * MINUTE;

export class ServerOutage {
  readonly #options: ServerOutageOptions;
  #since: Ms | null = null;
  #told = false;
  #cancel = (): void => undefined;

  constructor(options: ServerOutageOptions) {
    this.#options = options;
  }

  /** The link to the server has changed. */
  changed(): void {
    const { clock, now, isReachable } = this.#options;
    if (isReachable()) {
      this.#over();
    } else if (this.#since === null) {
      this.#since = now();
      this.#cancel = clock.after(tellAfterMs, () => this.#opened());
    }
  }

  close(): void {
    this.#cancel();
  }

  #opened(): void {
    if (this.#since === null || this.#options.isReachable()) return;
    this.#told = true;
    this.#say("opened", {
      title: `the Midwatch server has not been reachable from ${this.#options.host} since ${spellUtcTime(this.#since)}`,
      text:
        "The supervisor goes on: its agents are watched and restarted, and what they say is kept for the server. Until it is back, alerts about " +
        "agents of this host come from the supervisor itself, and nobody judges agents elsewhere. Check the server's process, its machine, and the network between them.",
    });
  }

  #over(): void {
    this.#cancel();
    if (this.#told && this.#since !== null) {
      this.#say("resolved", {
        title: `the Midwatch server is reachable from ${this.#options.host} again, after ${spellDuration(this.#options.now() - this.#since)}`,
        text: "What it missed is being delivered to it. Alerts come from the server again.",
      });
    }
    this.#since = null;
    this.#told = false;
  }

  #say(what: Notice["what"], words: Pick<Notice, "title" | "text">): void {
    const { host, now, tell } = this.#options;
    const id = `server-lost_${host}_${this.#since ?? 0}_${what}`;
    tell({ id, agent: host, what, kind: "monitor-gap", severity: "page", at: now(), ...words, fact: null });
  }
}
