// Agents' rows, and a cache of them in parsed form: on the beat path nothing is read from the file at all. The cache holds
// only what is committed. Another process may fold as well; SQLite's `data_version` tells when one has written
// anything, and then the cache is dropped, so correctness does not rest on there being one writer.

import { invariant, wholeState, type AgentState, type Ms } from "@midwatch/core";
import { limitOf, nameAfter, pageOf } from "../cursor.ts";
import type { AgentOverrides, AgentRow, AgentWrite, PageOf, PageQuery } from "../store.ts";
import { json, number, numberOrNull, text } from "./columns.ts";
import type { Columns, Connection } from "./connection.ts";
import { joinLong, longOf, sameLong, withoutLong, type LongParts } from "./long-parts.ts";

/** Agents kept parsed; the one written longest ago leaves first. At a few KB each this is well under 100 MB. */
const cacheLimit = 20_000;

const noOverrides: AgentOverrides = { operator: {}, supervisor: {}, tags: [] };

/** An agent as the file holds it. */
export interface StoredAgent {
  readonly row: AgentRow;
  readonly deadline: Ms | null;
}

const selectAgent = `
SELECT id, name, state, long, overrides, forgotten_at, next_deadline
FROM agents LEFT JOIN agent_long ON agent_id = id WHERE name = ?`;

export class AgentTable {
  readonly #db: Connection;
  readonly #cache = new Map<string, StoredAgent>();
  #dataVersion = -1;

  constructor(db: Connection) {
    this.#db = db;
  }

  /** Forgets what another process may have changed. Before every use. */
  refresh(): void {
    const version = number(this.#db.get("PRAGMA data_version") ?? {}, "data_version");
    if (version === this.#dataVersion) return;
    this.#dataVersion = version;
    this.#cache.clear();
  }

  /** What is committed. Not to be called between a write and its commit. */
  load(name: string): StoredAgent | null {
    const cached = this.#cache.get(name);
    if (cached) return cached;
    const row = this.#db.get(selectAgent, name);
    if (!row) return null;
    const agent = agentOf(row);
    this.#keep(name, agent);
    return agent;
  }

  /** Writes inside a transaction; the result becomes known to the cache by `remember`, once it is committed. */
  write(before: StoredAgent | null, write: AgentWrite): StoredAgent {
    const state = JSON.stringify(withoutLong(write.state));
    const after = before ? this.#update(before, write, state) : this.#insert(write, state);
    if (!sameLong(before?.row.state ?? null, write.state)) this.#writeLong(after.row.id, longOf(write.state));
    return after;
  }

  remember(written: ReadonlyMap<string, StoredAgent>): void {
    for (const [name, agent] of written) this.#keep(name, agent);
  }

  page(query: PageQuery & { readonly tag?: string }): PageOf<AgentRow> {
    const rows = this.#db.all(
      `SELECT name FROM agents WHERE forgotten_at IS NULL AND name > ?1
       AND (?2 IS NULL OR EXISTS (SELECT 1 FROM json_each(overrides, '$.tags') WHERE value = ?2))
       ORDER BY name LIMIT ?3`,
      nameAfter(query),
      query.tag ?? null,
      limitOf(query) + 1,
    );
    const names = rows.map((row) => text(row, "name"));
    const page = pageOf(names, query, (last) => [last]);
    return { items: page.items.map((name) => this.#known(name).row), next: page.next };
  }

  count(): number {
    return number(this.#db.get("SELECT count(*) AS n FROM agents WHERE forgotten_at IS NULL") ?? {}, "n");
  }

  due(now: Ms, limit: number): readonly string[] {
    const rows = this.#db.all(
      `SELECT name FROM agents WHERE next_deadline <= ? AND forgotten_at IS NULL
       ORDER BY next_deadline, id LIMIT ?`,
      now,
      limit,
    );
    return rows.map((row) => text(row, "name"));
  }

  #keep(name: string, agent: StoredAgent): void {
    // Taken out first, so that the map's order is the order of keeping.
    this.#cache.delete(name);
    this.#cache.set(name, agent);
    if (this.#cache.size <= cacheLimit) return;
    for (const oldest of this.#cache.keys()) {
      this.#cache.delete(oldest);
      break;
    }
  }

  #known(name: string): StoredAgent {
    const agent = this.load(name);
    invariant(agent, "a name that was just listed has a row");
    return agent;
  }

  #insert(write: AgentWrite, state: string): StoredAgent {
    const overrides = write.overrides ?? noOverrides;
    const forgottenAt = write.forgottenAt ?? null;
    const id = this.#db.insert(
      "INSERT INTO agents (name, state, overrides, forgotten_at, next_deadline) VALUES (?, ?, ?, ?, ?)",
      write.name,
      state,
      JSON.stringify(overrides),
      forgottenAt,
      write.deadline,
    );
    return { row: { id, name: write.name, state: write.state, overrides, forgottenAt }, deadline: write.deadline };
  }

  #update(before: StoredAgent, write: AgentWrite, state: string): StoredAgent {
    const { id } = before.row;
    const deadline = write.moveDeadline ? write.deadline : earliest(before.deadline, write.deadline);
    if (deadline === before.deadline) this.#db.run("UPDATE agents SET state = ? WHERE id = ?", state, id);
    else this.#db.run("UPDATE agents SET state = ?, next_deadline = ? WHERE id = ?", state, deadline, id);
    const overrides = write.overrides ?? before.row.overrides;
    const forgottenAt = write.forgottenAt === undefined ? before.row.forgottenAt : write.forgottenAt;
    if (overrides !== before.row.overrides || forgottenAt !== before.row.forgottenAt) {
      const text = JSON.stringify(overrides);
      this.#db.run("UPDATE agents SET overrides = ?, forgotten_at = ? WHERE id = ?", text, forgottenAt, id);
    }
    return { row: { id, name: write.name, state: write.state, overrides, forgottenAt }, deadline };
  }

  #writeLong(id: number, long: LongParts): void {
    this.#db.run(
      "INSERT INTO agent_long (agent_id, long) VALUES (?, ?) ON CONFLICT DO UPDATE SET long = excluded.long",
      id,
      JSON.stringify(long),
    );
  }
}

function agentOf(row: Columns): StoredAgent {
  // What the columns hold was written by this class only.
  const hot = wholeState(json(row, "state") as AgentState);
  return {
    row: {
      id: number(row, "id"),
      name: text(row, "name"),
      state: row["long"] === null ? hot : joinLong(hot, json(row, "long") as LongParts),
      overrides: json(row, "overrides") as AgentOverrides,
      forgottenAt: numberOrNull(row, "forgotten_at"),
    },
    deadline: numberOrNull(row, "next_deadline"),
  };
}

/** Null is never. */
function earliest(a: Ms | null, b: Ms | null): Ms | null {
  if (a === null) return b;
  return b === null ? a : Math.min(a, b);
}
