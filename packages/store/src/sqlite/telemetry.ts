// What the receiver of telemetry remembers between two requests. Written only in the fold that counts the calls: a series
// that moved without its calls, or the other way round, would lose tokens or count them twice.

import type { MeteredCall, Ms } from "@midwatch/core";
import type { HeldCall, SeriesPoint, TelemetryWrites } from "../store.ts";
import { json, number, text, textOrNull } from "./columns.ts";
import type { Columns, Connection } from "./connection.ts";

/** Inside a transaction. */
export function writeTelemetry(db: Connection, { series, hold, release }: TelemetryWrites): void {
  for (const { key, startedAt, at, value } of series) {
    db.run(
      `INSERT INTO telemetry_series (key, started_at, at, value) VALUES (?, ?, ?, ?)
       ON CONFLICT DO UPDATE SET started_at = excluded.started_at, at = excluded.at, value = excluded.value`,
      key,
      startedAt,
      at,
      value,
    );
  }
  for (const { trace, span } of release) {
    db.run("DELETE FROM telemetry_held WHERE trace = ? AND span = ?", trace, span);
  }
  for (const { trace, span, parent, agent, dueAt, call } of hold) {
    db.run(
      `INSERT INTO telemetry_held (trace, span, parent, agent, due_at, call) VALUES (?, ?, ?, ?, ?, ?)
       ON CONFLICT DO UPDATE SET parent = excluded.parent, agent = excluded.agent, due_at = excluded.due_at, call = excluded.call`,
      trace,
      span,
      parent,
      agent,
      dueAt,
      JSON.stringify(call),
    );
  }
}

export function readSeries(db: Connection, keys: readonly string[]): ReadonlyMap<string, SeriesPoint> {
  const rows = db.all(
    "SELECT key, started_at, at, value FROM telemetry_series WHERE key IN (SELECT value FROM json_each(?))",
    JSON.stringify(keys),
  );
  return new Map(rows.map((row) => [text(row, "key"), pointOf(row)]));
}

const heldColumns = "trace, span, parent, agent, due_at, call";

export function readHeld(db: Connection, traces: readonly string[]): readonly HeldCall[] {
  const sql = `SELECT ${heldColumns} FROM telemetry_held WHERE trace IN (SELECT value FROM json_each(?))`;
  return db.all(sql, JSON.stringify(traces)).map(heldOf);
}

export function readDueHeld(db: Connection, now: Ms, limit: number): readonly HeldCall[] {
  const sql = `SELECT ${heldColumns} FROM telemetry_held WHERE due_at <= ? ORDER BY due_at, trace, span LIMIT ?`;
  return db.all(sql, now, limit).map(heldOf);
}

function pointOf(row: Columns): SeriesPoint {
  return {
    key: text(row, "key"),
    startedAt: number(row, "started_at"),
    at: number(row, "at"),
    value: number(row, "value"),
  };
}

function heldOf(row: Columns): HeldCall {
  return {
    trace: text(row, "trace"),
    span: text(row, "span"),
    parent: textOrNull(row, "parent"),
    agent: text(row, "agent"),
    dueAt: number(row, "due_at"),
    // Written by this file only.
    call: json(row, "call") as MeteredCall,
  };
}
