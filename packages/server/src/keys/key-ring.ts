import { SECOND } from "@midwatch/core";
import type { KeyRow, Store } from "@midwatch/store";
import type { Clock } from "../clock.ts";
import { matchesGlob } from "./glob.ts";
import { hashKey, type Scope } from "./key.ts";

/** A key made beside the running server works after this long at the latest; a revoked one stops working. */
const rereadMs = 5 * SECOND;
/** An unknown key causes a look at the store at once, but not more often than this. */
const unknownRereadMs = SECOND;

/** Who asks, and what for. */
export interface Caller {
  readonly name: string;
  readonly scope: Scope;
  /** Glob of agent names; null is all. */
  readonly agentGlob: string | null;
  /** Signed in by cookie rather than by key: state-changing requests must then come from our own pages. */
  readonly cookie: boolean;
}

/**
 * The keys in force, in memory: a beat costs one hash and one look-up. Beats and everything else a server does may use a
 * key only within its scope: `ingest` may beat, `read` may look, `admin` may do everything.
 */
export class KeyRing {
  readonly #store: Store;
  readonly #clock: Clock;
  #byHash = new Map<string, Caller>();
  #readAt = Number.NEGATIVE_INFINITY;
  #reading: Promise<void> | null = null;

  constructor(store: Store, clock: Clock) {
    this.#store = store;
    this.#clock = clock;
  }

  async reread(): Promise<void> {
    this.#reading ??= this.#read().finally(() => {
      this.#reading = null;
    });
    await this.#reading;
  }

  /** The caller of a key that is known to be in force, or undefined: then ask `findAfterReread` before refusing it. */
  find(key: string): Caller | undefined {
    // Once in a while a key is unknown on purpose, so that a revoked one is never used on the strength of an old look.
    if (this.#clock.monotonic() - this.#readAt > rereadMs) return undefined;
    return this.#byHash.get(hashKey(key));
  }

  /** Looks into the store first, at most once a second. */
  async findAfterReread(key: string): Promise<Caller | undefined> {
    if (this.#clock.monotonic() - this.#readAt > unknownRereadMs) await this.reread().catch(keepOldKeys);
    return this.#byHash.get(hashKey(key));
  }

  async #read(): Promise<void> {
    // Set first, so that a store that fails is not asked again by every request.
    this.#readAt = this.#clock.monotonic();
    const rows = await this.#store.keys();
    this.#byHash = new Map(rows.filter((row) => row.revokedAt === null).map((row) => [row.hash, callerOf(row)]));
  }
}

/** Whether the caller's scope allows this kind of request. */
export function mayDo(caller: Caller, needed: Scope): boolean {
  return caller.scope === "admin" || caller.scope === needed;
}

export function maySpeakFor(caller: Caller, agent: string): boolean {
  return caller.agentGlob === null || matchesGlob(caller.agentGlob, agent);
}

/**
 * The key of a request: `Authorization: Bearer mw_…` or `X-API-Key`. OpenTelemetry takes headers from a variable in which a
 * space is written `%20`, and some exporters send it as it stands there.
 */
export function keyOf(headers: Readonly<Record<string, string | string[] | undefined>>): string | null {
  const authorization = headers["authorization"];
  if (typeof authorization === "string" && /^bearer(?: |%20)/i.test(authorization)) {
    return authorization.replace(/^bearer(?: |%20)+/i, "").trim();
  }
  const key = headers["x-api-key"];
  return typeof key === "string" && key !== "" ? key : null;
}

function callerOf(row: KeyRow): Caller {
  return { name: row.label === "" ? row.prefix : row.label, scope: row.scope, agentGlob: row.agentGlob, cookie: false };
}

function keepOldKeys(): void {
  // The store cannot be read now; the keys in memory stay in force, and the next request asks again.
}
