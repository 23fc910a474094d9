import type { Ms } from "@midwatch/core";
import { limitOf, pageOf, placeOf } from "../cursor.ts";
import type { CommandDraft, CommandOutcome, CommandRow, PageOf, PageQuery, Writes } from "../store.ts";
import { number, numberOrNull, text, textOrNull } from "./columns.ts";
import type { Columns, Connection } from "./connection.ts";

/** Commands handed to a supervisor at once; the rest follow when these are finished. */
const commandsAtOnce = 1_000;

/** An id that was written before is left as it is. */
export function addCommand(db: Connection, draft: CommandDraft): void {
  const isDone = draft.supervisor === null;
  db.run(
    `INSERT INTO commands (id, supervisor, agent, command, dependents, by, asked_with, at, state, finished_at)
     VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?) ON CONFLICT (id) DO NOTHING`,
    draft.id,
    draft.supervisor ?? nobody,
    draft.agent,
    draft.command,
    draft.dependents ? 1 : 0,
    draft.by,
    draft.askedWith,
    draft.at,
    isDone ? "done" : "waiting",
    isDone ? draft.at : null,
  );
}

/** In the column that has to name a supervisor; no id of one is empty. */
const nobody = "";
const columns = "n, id, supervisor, agent, command, dependents, by, asked_with, at, state, message, finished_at";

/**
 * What a supervisor has not finished, oldest first, from now on `delivered`. A delivered command is handed out again: the
 * answer that carried it may have been lost, and the supervisor knows a command by its id. Inside a transaction.
 */
export function deliverCommands(db: Connection, supervisor: string): readonly CommandRow[] {
  const unfinished = db.all(
    `SELECT ${columns} FROM commands WHERE supervisor = ? AND state IN ('waiting', 'delivered') ORDER BY n LIMIT ?`,
    supervisor,
    commandsAtOnce,
  );
  return unfinished.map((row) => {
    const command = commandOf(row);
    if (command.state === "waiting") db.run("UPDATE commands SET state = 'delivered' WHERE id = ?", command.id);
    return { ...command, state: "delivered" };
  });
}

export function hasUnfinishedCommands(db: Connection, supervisor: string): boolean {
  const sql = "SELECT 1 FROM commands WHERE supervisor = ? AND state IN ('waiting', 'delivered') LIMIT 1";
  return db.get(sql, supervisor) !== undefined;
}

export function readCommand(db: Connection, id: string): CommandRow | null {
  const row = db.get(`SELECT ${columns} FROM commands WHERE id = ?`, id);
  return row ? commandOf(row) : null;
}

/** Newest first. */
export function readCommands(db: Connection, agent: string, query: PageQuery): PageOf<CommandRow> {
  const rows = db.all(
    `SELECT ${columns} FROM commands WHERE agent = ? AND n < ? ORDER BY n DESC LIMIT ?`,
    agent,
    placeOf(query).id,
    limitOf(query) + 1,
  );
  const page = pageOf(rows, query, (last) => [number(last, "at"), number(last, "n")]);
  return { items: page.items.map(commandOf), next: page.next };
}

export function readStaleCommands(db: Connection, before: Ms, limit: number): readonly CommandRow[] {
  const sql = `SELECT ${columns} FROM commands WHERE at < ? AND state IN ('waiting', 'delivered') ORDER BY at, n LIMIT ?`;
  return db.all(sql, before, limit).map(commandOf);
}

/** Inside a transaction. */
export function finishCommand(db: Connection, { id, state, message, at }: CommandOutcome): void {
  db.run(
    `UPDATE commands SET state = ?1, message = ?2, finished_at = ?3
     WHERE id = ?4 AND (state IN ('waiting', 'delivered') OR (state = 'expired' AND ?1 <> 'expired'))`,
    state,
    message,
    at,
    id,
  );
}

type SpoolMove = NonNullable<Writes["spools"]>[number];

export function moveSpool(db: Connection, { supervisor, spool, upto, at }: SpoolMove): void {
  db.run(
    `INSERT INTO spools (supervisor, spool, upto, moved_at) VALUES (?, ?, ?, ?)
     ON CONFLICT DO UPDATE SET upto = max(upto, excluded.upto), moved_at = excluded.moved_at`,
    supervisor,
    spool,
    upto,
    at,
  );
}

/** 0 for a spool that was never heard of. */
export function spoolUpto(db: Connection, supervisor: string, spool: string): number {
  const row = db.get("SELECT upto FROM spools WHERE supervisor = ? AND spool = ?", supervisor, spool);
  return row ? number(row, "upto") : 0;
}

function commandOf(row: Columns): CommandRow {
  const supervisor = text(row, "supervisor");
  return {
    id: text(row, "id"),
    supervisor: supervisor === nobody ? null : supervisor,
    agent: text(row, "agent"),
    command: text(row, "command"),
    dependents: number(row, "dependents") === 1,
    by: text(row, "by"),
    askedWith: textOrNull(row, "asked_with"),
    at: number(row, "at"),
    // Written by this file only.
    state: text(row, "state") as CommandRow["state"],
    message: textOrNull(row, "message"),
    finishedAt: numberOrNull(row, "finished_at"),
  };
}
