import type { CommandDraft, CommandRow } from "../store.ts";
import { number, text, textOrNull } from "./columns.ts";
import type { Columns, Connection } from "./connection.ts";

/** Commands handed to a supervisor at once; the rest follow when these are finished. */
const commandsAtOnce = 1_000;

/** An id that was written before is left as it is. */
export function addCommand(db: Connection, draft: CommandDraft): void {
  db.run(
    `INSERT INTO commands (id, supervisor, agent, command, by, at, state) VALUES (?, ?, ?, ?, ?, ?, 'waiting')
     ON CONFLICT (id) DO NOTHING`,
    draft.id,
    draft.supervisor,
    draft.agent,
    draft.command,
    draft.by,
    draft.at,
  );
}

const columns = "id, supervisor, agent, command, by, at, state, message";

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

/** The first outcome stays. */
export function finishCommand(
  db: Connection,
  id: string,
  outcome: { readonly ok: boolean; readonly message: string },
): void {
  db.run(
    "UPDATE commands SET state = ?, message = ? WHERE id = ? AND state IN ('waiting', 'delivered')",
    outcome.ok ? "done" : "failed",
    outcome.message,
    id,
  );
}

export function moveSpool(db: Connection, supervisor: string, spool: string, upto: number): void {
  db.run(
    `INSERT INTO spools (supervisor, spool, upto) VALUES (?, ?, ?)
     ON CONFLICT DO UPDATE SET upto = max(upto, excluded.upto)`,
    supervisor,
    spool,
    upto,
  );
}

/** 0 for a spool that was never heard of. */
export function spoolUpto(db: Connection, supervisor: string, spool: string): number {
  const row = db.get("SELECT upto FROM spools WHERE supervisor = ? AND spool = ?", supervisor, spool);
  return row ? number(row, "upto") : 0;
}

function commandOf(row: Columns): CommandRow {
  return {
    id: text(row, "id"),
    supervisor: text(row, "supervisor"),
    agent: text(row, "agent"),
    command: text(row, "command"),
    by: text(row, "by"),
    at: number(row, "at"),
    // Written by this file only.
    state: text(row, "state") as CommandRow["state"],
    message: textOrNull(row, "message"),
  };
}
