import assert from "node:assert/strict";
import { join } from "node:path";
import { test } from "node:test";
import type { OutboxRow } from "../store.ts";
import { draft, morning } from "../testing/fixture.ts";
import { inFolder } from "../testing/folder.ts";
import { Connection } from "./connection.ts";
import { migrate } from "./migrate.ts";
import { addDraft, claimDue, finish, readLag } from "./outbox.ts";
import { prune } from "./prune.ts";
import { schema1 } from "./schema-1.ts";
import { schema2 } from "./schema-2.ts";
import { schema3 } from "./schema-3.ts";
import { schema4 } from "./schema-4.ts";
import { schema5 } from "./schema-5.ts";
import { schema6 } from "./schema-6.ts";
import { schema7 } from "./schema-7.ts";

const before = [schema1, schema2, schema3, schema4, schema5, schema6, schema7];
const look = { now: morning, leaseUntil: morning + 60_000, limit: 100 };
const keysOf = (rows: readonly OutboxRow[]) => rows.map(({ key }) => key);

/** Remembers what it was asked. */
class Listening extends Connection {
  readonly asked = new Set<string>();

  override statement(sql: string) {
    this.asked.add(sql);
    return super.statement(sql);
  }
}

async function withConnections(body: (open: () => Listening) => void): Promise<void> {
  await inFolder((folder) => {
    const opened: Connection[] = [];
    try {
      body(() => {
        const db = new Listening(join(folder, "midwatch.db"), { busyTimeoutMs: 0, readOnly: false });
        opened.push(db);
        return db;
      });
    } finally {
      for (const db of opened) db.close();
    }
  });
}

function send(db: Connection, rows: readonly OutboxRow[]): void {
  for (const { id } of rows) finish(db, id, { sent: true, at: morning, tookMs: 1 });
}

test("messages that wait while the file is brought up to date go out in their order", async () => {
  await withConnections((open) => {
    const db = open();
    migrate(db, before);
    for (const key of ["sent", "a1", "a2", "b1", "b2"]) addDraft(db, draft(key, { agent: key.slice(0, 1) }));
    addDraft(db, draft("of-nobody", { agent: null }));
    db.exec(`
      UPDATE outbox SET state = 'sent', finished_at = 1 WHERE key = 'sent';
      UPDATE outbox SET state = 'claimed', attempts = 1, next_at = ${morning + 1} WHERE key = 'b1';
    `);
    migrate(db);
    const first = claimDue(db, look);
    assert.deepEqual(keysOf(first), ["a1", "of-nobody"], "b1 is with a worker");
    send(db, first);
    assert.deepEqual(keysOf(claimDue(db, look)), ["a2"]);
    const again = claimDue(db, { ...look, now: morning + 1 });
    assert.deepEqual(keysOf(again), ["b1"]);
    send(db, again);
    assert.deepEqual(keysOf(claimDue(db, look)), ["b2"]);
  });
});

test("a process of the version before that goes on writing meanwhile changes nothing about the order", async () => {
  await withConnections((open) => {
    const older = open();
    migrate(older, before);
    addDraft(older, draft("a1"));
    // As the version before claimed it.
    older.run("UPDATE outbox SET state = 'claimed', attempts = 1, next_at = ? WHERE key = 'a1'", morning + 60_000);
    const newer = open();
    migrate(newer);
    addDraft(older, draft("a2"));
    addDraft(older, draft("b1", { agent: "other" }));
    assert.deepEqual(keysOf(claimDue(newer, look)), ["b1"]);
    finish(older, 1, { sent: true, at: morning, tookMs: 1 });
    assert.deepEqual(keysOf(claimDue(newer, look)), ["a2"]);
  });
});

test("messages that somebody deleted by hand hold nobody up", async () => {
  await withConnections((open) => {
    const db = open();
    migrate(db);
    for (const key of ["a1", "a2", "a3"]) addDraft(db, draft(key));
    db.exec("DELETE FROM outbox WHERE key IN ('a1', 'a2')");
    assert.deepEqual(keysOf(claimDue(db, look)), ["a3"]);
    db.exec("DELETE FROM outbox");
    addDraft(db, draft("a4"));
    assert.deepEqual(keysOf(claimDue(db, look)), ["a4"]);
  });
});

test("writing, claiming, finishing and pruning look rows up and never read through the outbox; counting reads only an index", async () => {
  await withConnections((open) => {
    const db = open();
    migrate(db);
    db.asked.clear();
    for (const key of ["a", "b", "c"]) addDraft(db, draft(key, { agent: key, thread: "t" }));
    const [a, b, c] = claimDue(db, look);
    finish(db, a!.id, { sent: true, at: morning, tookMs: 1, receipt: "r" });
    finish(db, b!.id, { sent: false, at: morning, tookMs: 1, error: "no", retryAt: null });
    finish(db, c!.id, { sent: false, at: morning, tookMs: 1, error: "no", retryAt: morning });
    assert.deepEqual(stepsOn("outbox", db).filter(readsThrough), []);
    db.asked.clear();
    prune(db, { beats: 0, history: 0, incidents: 0, outbox: morning + 1 }, 100);
    assert.deepEqual(stepsOn("outbox", db).filter(readsThrough), []);
    db.asked.clear();
    readLag(db, morning);
    const counting = stepsOn("outbox", db);
    assert.equal(counting.length, 2, counting.join("\n"));
    assert.deepEqual(
      counting.filter((step) => !step.includes("USING COVERING INDEX")),
      [],
    );
  });
});

const readsThrough = (step: string) => step.startsWith("SCAN");

/** What SQLite means to do with a table for everything that was asked. */
function stepsOn(table: string, db: Listening): readonly string[] {
  const asked = [...db.asked].filter((sql) => !/^(BEGIN|COMMIT|ROLLBACK|EXPLAIN)/.test(sql) && sql.includes(table));
  assert.ok(asked.length > 0);
  const aliases = new RegExp(`^(SCAN|SEARCH) (${table}|due|earlier)\\b`);
  return asked.flatMap((sql) => {
    const unbound = sql.replaceAll(/\?\d*/g, "NULL");
    return db
      .all(`EXPLAIN QUERY PLAN ${unbound}`)
      .map(({ detail }) => String(detail))
      .filter((step) => aliases.test(step));
  });
}
