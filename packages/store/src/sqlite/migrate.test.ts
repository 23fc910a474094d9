import assert from "node:assert/strict";
import { join } from "node:path";
import { test } from "node:test";
import { StoreError } from "../store-error.ts";
import { inFolder } from "../testing/folder.ts";
import { deliverCommands, spoolUpto } from "./commands.ts";
import { Connection } from "./connection.ts";
import { migrate } from "./migrate.ts";
import { schema1 } from "./schema-1.ts";

const steps = [
  "CREATE TABLE notes (text TEXT) STRICT; INSERT INTO notes VALUES ('from step 1')",
  "ALTER TABLE notes ADD COLUMN step INTEGER; UPDATE notes SET step = 2",
  "CREATE TABLE more (id INTEGER PRIMARY KEY) STRICT",
];

const versionOf = (db: Connection) => db.get("PRAGMA user_version")?.["user_version"];
const tablesOf = (db: Connection) => db.all("SELECT name FROM sqlite_schema ORDER BY name").map(({ name }) => name);

async function withDatabase(body: (open: () => Connection) => void): Promise<void> {
  await inFolder((folder) => {
    const opened: Connection[] = [];
    try {
      body(() => {
        const db = new Connection(join(folder, "midwatch.db"), { busyTimeoutMs: 0, readOnly: false });
        opened.push(db);
        return db;
      });
    } finally {
      for (const db of opened) db.close();
    }
  });
}

test("each step is taken once and in order, from whatever version the file has", async () => {
  await withDatabase((open) => {
    const db = open();
    migrate(db, steps.slice(0, 1));
    assert.equal(versionOf(db), 1);
    migrate(db, steps);
    migrate(db, steps);
    assert.equal(versionOf(db), 3);
    assert.deepEqual({ ...db.get("SELECT text, step FROM notes") }, { text: "from step 1", step: 2 });
    assert.deepEqual(tablesOf(db), ["more", "notes"]);
  });
});

test("a step that fails leaves the file as it was before all of them", async () => {
  await withDatabase((open) => {
    const db = open();
    migrate(db, steps.slice(0, 1));
    const broken = [
      ...steps.slice(0, 2),
      "CREATE TABLE half (id INTEGER) STRICT; CREATE TABLE nonsense (id NOTHING) STRICT",
    ];
    assert.throws(() => {
      migrate(db, broken);
    });
    assert.equal(versionOf(db), 1);
    assert.deepEqual(tablesOf(db), ["notes"]);
    assert.equal(db.get("SELECT * FROM notes")?.["step"], undefined);
    migrate(db, steps);
    assert.equal(versionOf(db), 3);
  });
});

test("a file that has gone further than this program knows is refused", async () => {
  await withDatabase((open) => {
    migrate(open(), steps);
    const refused = (error: unknown) => error instanceof StoreError && error.code === "too-new";
    assert.throws(() => {
      migrate(open(), steps.slice(0, 2));
    }, refused);
  });
});

test("commands and spools of the first schema go on under today's", async () => {
  await withDatabase((open) => {
    const db = open();
    migrate(db, [schema1]);
    db.exec(`
      INSERT INTO commands (id, supervisor, agent, command, by, at, state) VALUES ('c-1', 'host', 'bot', 'stop', 'me', 1, 'waiting');
      INSERT INTO spools (supervisor, spool, upto) VALUES ('host', 's-1', 42);
    `);
    const before = Date.now() - 1_000;
    migrate(db);
    assert.deepEqual(
      deliverCommands(db, "host").map(({ id, dependents, askedWith }) => ({ id, dependents, askedWith })),
      [{ id: "c-1", dependents: false, askedWith: null }],
    );
    assert.equal(spoolUpto(db, "host", "s-1"), 42);
    const moved = Number(db.get("SELECT moved_at FROM spools")?.["moved_at"]);
    assert.ok(moved >= before, "a spool counts as moved when its file was brought up to date, not in 1970");
  });
});
