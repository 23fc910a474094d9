// Reads columns as what the schema says they are. This is the store's only place that turns what a file holds into types.

import { StoreError } from "../store-error.ts";
import type { Columns } from "./connection.ts";

export function text(row: Columns, column: string): string {
  const value = row[column];
  if (typeof value === "string") return value;
  throw wrong(column, value);
}

export function textOrNull(row: Columns, column: string): string | null {
  const value = row[column];
  return value === null ? null : text(row, column);
}

export function number(row: Columns, column: string): number {
  const value = row[column];
  if (typeof value === "number") return value;
  throw wrong(column, value);
}

export function numberOrNull(row: Columns, column: string): number | null {
  const value = row[column];
  return value === null ? null : number(row, column);
}

/** JSON that this engine wrote itself; the reader of a table says from what. */
export function json(row: Columns, column: string): unknown {
  try {
    return JSON.parse(text(row, column));
  } catch (cause) {
    throw new StoreError("corrupt", `the column ${column} holds no JSON: restore a backup of the database`, cause);
  }
}

function wrong(column: string, value: unknown): StoreError {
  return new StoreError("corrupt", `the column ${column} holds ${typeof value}: restore a backup of the database`);
}
