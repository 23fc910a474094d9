import assert from "node:assert/strict";
import { StoreError, type StoreErrorCode } from "../../store-error.ts";
import type { PageOf, PageQuery, Store } from "../../store.ts";

/** One empty database. Each `open` is what another process would get: it shares nothing but the database. */
export interface Place {
  open(): Promise<Store>;
  /** Called when every store that was opened here is closed. */
  remove(): Promise<void>;
}

/** What is claimed of every engine, and how it is proved. */
export type Claims = Readonly<Record<string, (store: Store, place: Place) => Promise<void>>>;

/** Runs `body` with a second store on the same database. */
export async function beside<T>(place: Place, body: (other: Store) => Promise<T>): Promise<T> {
  const other = await place.open();
  try {
    return await body(other);
  } finally {
    await other.close();
  }
}

/** Reads a list to its end, page by page, and holds every page to its limit. */
export async function readAll<T>(limit: number, read: (query: PageQuery) => Promise<PageOf<T>>): Promise<readonly T[]> {
  const all: T[] = [];
  for (let cursor: string | null = null, pages = 0; pages < 10_000; pages += 1) {
    const page: PageOf<T> = await read({ limit, cursor });
    all.push(...page.items);
    assert.ok(page.items.length <= limit, "a page is no longer than asked for");
    assert.ok(page.items.length > 0 || pages === 0, "a page that was announced holds something");
    if (page.next === null) return all;
    assert.equal(page.items.length, limit, "only the last page may be shorter");
    cursor = page.next;
  }
  throw new Error("the pages come to no end");
}

/** The value of which a claim says that it is there. */
export function present<T>(value: T | null | undefined): T {
  assert.ok(value !== null && value !== undefined, "expected a value, found none");
  return value;
}

export async function rejectsWith(code: StoreErrorCode, call: () => Promise<unknown>): Promise<StoreError> {
  try {
    await call();
  } catch (error) {
    assert.ok(error instanceof StoreError, `expected a StoreError, got ${String(error)}`);
    assert.equal(error.code, code, error.message);
    return error;
  }
  assert.fail(`expected to be refused with "${code}"`);
}
