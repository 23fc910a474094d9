import type { Ms } from "@midwatch/core";
import type { UsedLink } from "../store.ts";
import { number, text, textOrNull } from "./columns.ts";
import type { Connection } from "./connection.ts";

const take = `
INSERT INTO used_links (id, at, by) VALUES (?1, ?2, ?3)
ON CONFLICT (id) DO UPDATE SET at = excluded.at, by = excluded.by WHERE outcome IS NULL AND at < ?4`;

/** True when it is the caller's to do what the link is for. */
export function takeLink(
  db: Connection,
  id: string,
  { at, by, abandonedBefore }: { readonly at: Ms; readonly by: string; readonly abandonedBefore: Ms },
): boolean {
  return db.run(take, id, at, by, abandonedBefore) === 1;
}

/** Null: nothing was done, so the link is as it was. */
export function finishLink(db: Connection, id: string, outcome: string | null): void {
  if (outcome === null) db.run("DELETE FROM used_links WHERE id = ? AND outcome IS NULL", id);
  else db.run("UPDATE used_links SET outcome = ? WHERE id = ?", outcome, id);
}

export function readUsedLink(db: Connection, id: string): UsedLink | null {
  const row = db.get("SELECT at, by, outcome FROM used_links WHERE id = ?", id);
  return row ? { at: number(row, "at"), by: text(row, "by"), outcome: textOrNull(row, "outcome") } : null;
}
