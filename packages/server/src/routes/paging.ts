import { ApiError } from "../errors.ts";

const defaultLimit = 100;
const maxLimit = 1_000;

export interface PageAsked {
  readonly limit: number;
  readonly cursor: string | null;
}

/** Reads `limit` and `cursor`, whose form the schema has checked. */
export function pageAsked(query: { readonly limit?: string; readonly cursor?: string }): PageAsked {
  const limit = Math.min(maxLimit, Number(query.limit ?? defaultLimit));
  return { limit, cursor: query.cursor ?? null };
}

/** The number of a row as it stands in a path, or null for what is none. */
export function rowNumber(text: string): number | null {
  return /^[1-9][0-9]{0,14}$/.test(text) ? Number(text) : null;
}

/** Reads a time given as RFC 3339 text. */
export function timeOf(value: string | undefined, path: string): number | undefined {
  if (value === undefined) return undefined;
  const at = /^\d{4}-\d{2}-\d{2}T/.test(value) ? Date.parse(value) : Number.NaN;
  if (!Number.isNaN(at)) return at;
  throw invalidField(path, `must be a time such as 2026-11-24T03:12:06Z, got ${JSON.stringify(value.slice(0, 40))}`);
}

export function invalidField(path: string, message: string): ApiError {
  return new ApiError(422, "invalid_field", `${path} ${message}`, { details: [{ path, message }] });
}
