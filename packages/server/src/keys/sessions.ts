// How a person's browser gets in without typing a key. The terminal prints a link that works once; following it sets an
// HttpOnly cookie. Links and sessions are random, kept only as hashes, and end by themselves. All of them live in one
// fact of the store, so they survive a restart and stay few.

import { randomBytes } from "node:crypto";
import { DAY, MINUTE, type Ms } from "@midwatch/core";
import type { Store } from "@midwatch/store";
import type { Clock } from "../clock.ts";
import { hashKey } from "./key.ts";

const factKey = "sessions";
const linkLifeMs = 30 * MINUTE;
const sessionLifeMs = 30 * DAY;
const maxLinks = 20;
const maxSessions = 100;

export const sessionCookie = "midwatch_session";

interface Entry {
  readonly hash: string;
  readonly until: Ms;
}

interface Kept {
  readonly links: readonly Entry[];
  readonly sessions: readonly Entry[];
}

export class Sessions {
  readonly #store: Store;
  readonly #clock: Clock;
  #kept: Kept = { links: [], sessions: [] };
  /** Changes happen one after the other, so that a link cannot be used twice at once. */
  #last: Promise<unknown> = Promise.resolve();

  constructor(store: Store, clock: Clock) {
    this.#store = store;
    this.#clock = clock;
  }

  async load(): Promise<void> {
    const fact = await this.#store.fact(factKey);
    // Only this class writes the fact.
    if (fact !== null) this.#kept = JSON.parse(fact) as Kept;
  }

  /** A token for a sign-in link: works once, for 30 minutes. */
  async createLink(): Promise<string> {
    const token = randomToken();
    await this.#change((kept, now) => ({
      ...kept,
      links: [...kept.links, { hash: hashKey(token), until: now + linkLifeMs }].slice(-maxLinks),
    }));
    return token;
  }

  /** Uses up a link; the new session's token, or null when the link is unknown, used or too old. */
  async redeem(token: string): Promise<{ readonly session: string; readonly maxAgeS: number } | null> {
    const hash = hashKey(token);
    const session = randomToken();
    const changed = await this.#change((kept, now) => {
      if (!kept.links.some((link) => link.hash === hash)) return null;
      return {
        links: kept.links.filter((link) => link.hash !== hash),
        sessions: [...kept.sessions, { hash: hashKey(session), until: now + sessionLifeMs }].slice(-maxSessions),
      };
    });
    return changed ? { session, maxAgeS: sessionLifeMs / 1000 } : null;
  }

  isValid(session: string): boolean {
    const hash = hashKey(session);
    const now = this.#clock.now();
    return this.#kept.sessions.some((one) => one.hash === hash && one.until > now);
  }

  async end(session: string): Promise<void> {
    const hash = hashKey(session);
    await this.#change((kept) => ({ ...kept, sessions: kept.sessions.filter((one) => one.hash !== hash) }));
  }

  /** Stores what `how` makes of what is kept; false when it makes nothing. */
  async #change(how: (kept: Kept, now: Ms) => Kept | null): Promise<boolean> {
    const change = this.#last.then(async () => {
      const now = this.#clock.now();
      const inForce = (one: Entry): boolean => one.until > now;
      const { links, sessions } = this.#kept;
      const changed = how({ links: links.filter(inForce), sessions: sessions.filter(inForce) }, now);
      if (changed === null) return false;
      await this.#store.putFact(factKey, JSON.stringify(changed));
      this.#kept = changed;
      return true;
    });
    this.#last = change.catch(() => {
      // Whoever asked for this change hears of it; the next one does not depend on it.
    });
    return change;
  }
}

function randomToken(): string {
  return randomBytes(32).toString("base64url");
}
