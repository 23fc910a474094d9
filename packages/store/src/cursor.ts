import { StoreError } from "./store-error.ts";
import type { PageOf, PageQuery } from "./store.ts";

/** No page is longer, whatever is asked for. */
const maxPage = 10_000;

/** Where a page of a list that is sorted by time, then by id, newest first, begins: just below this place. */
export interface Place {
  readonly at: number;
  readonly id: number;
}

/** Above every row: the first page begins here. */
const top: Place = { at: Number.MAX_SAFE_INTEGER, id: Number.MAX_SAFE_INTEGER };

export function placeOf(query: PageQuery): Place {
  if (query.cursor === null) return top;
  const [at, id] = decode(query.cursor);
  if (typeof at !== "number" || typeof id !== "number") throw badCursor();
  return { at, id };
}

/** The same for a list that is sorted by time, then by a key of text. */
export function cursorAt(query: PageQuery): { readonly at: number; readonly key: string } {
  if (query.cursor === null) return { at: Number.MAX_SAFE_INTEGER, key: "" };
  const [at, key] = decode(query.cursor);
  if (typeof at !== "number" || typeof key !== "string") throw badCursor();
  return { at, key };
}

/**
 * The last millisecond that can be on the page, as a plain bound on the time: SQLite would walk to the place from the
 * newest row there is if it were told the place alone.
 */
export function lastMs(place: Place, to: number | undefined): number {
  return to === undefined ? place.at : Math.min(place.at, to - 1);
}

/** The name after which a page of a list that is sorted by name begins. */
export function nameAfter(query: PageQuery): string {
  if (query.cursor === null) return "";
  const [name] = decode(query.cursor);
  if (typeof name !== "string") throw badCursor();
  return name;
}

export function limitOf(query: PageQuery): number {
  return Math.min(maxPage, Math.max(1, Math.trunc(query.limit)));
}

/** Cuts rows that were read with a limit of one more than the page, and says where the next page begins. */
export function pageOf<T>(
  rows: readonly T[],
  query: PageQuery,
  place: (last: T) => readonly (string | number)[],
): PageOf<T> {
  const limit = limitOf(query);
  const items = rows.slice(0, limit);
  const last = items.at(-1);
  return { items, next: rows.length > limit && last !== undefined ? encode(place(last)) : null };
}

function encode(place: readonly (string | number)[]): string {
  return Buffer.from(JSON.stringify(place)).toString("base64url");
}

function decode(cursor: string): readonly unknown[] {
  try {
    const place: unknown = JSON.parse(Buffer.from(cursor, "base64url").toString());
    if (Array.isArray(place)) return place as readonly unknown[];
  } catch {
    // Not JSON: not a cursor of ours, which is what the error below says.
  }
  throw badCursor();
}

function badCursor(): StoreError {
  return new StoreError(
    "bad-cursor",
    "this cursor is not one that a page of this list has handed out; begin again without a cursor",
  );
}
