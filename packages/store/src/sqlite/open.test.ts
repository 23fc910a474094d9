import assert from "node:assert/strict";
import { chmodSync, chownSync, existsSync, mkdirSync, readFileSync, statSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { test } from "node:test";
import type { StoreError, StoreErrorCode } from "../store-error.ts";
import { rejectsWith } from "../testing/contract/claims.ts";
import { counting, draft, morning } from "../testing/fixture.ts";
import { inFolder } from "../testing/folder.ts";
import { openConnection, openSqliteStore } from "./open.ts";

const page = { limit: 10, cursor: null };

async function refusal(code: StoreErrorCode, file: string, readOnly = false): Promise<StoreError> {
  const error = await rejectsWith(code, () => openSqliteStore({ file, readOnly }));
  assert.equal(error.retryable, false);
  assert.ok(error.message.includes(file), `names the file: ${error.message}`);
  return error;
}

/** Runs `body` with the rights of an ordinary user: permissions hold back everybody but root. */
async function withoutRoot(body: () => Promise<void>): Promise<void> {
  const isRoot = process.geteuid?.() === 0;
  if (isRoot) process.seteuid?.(nobody);
  try {
    await body();
  } finally {
    if (isRoot) process.seteuid?.(0);
  }
}

const nobody = 65_534;

/** A folder with a database in it that belongs to the user of `withoutRoot`. */
async function makeDatabase(file: string): Promise<void> {
  const store = await openSqliteStore({ file });
  await store.fold(["bot"], counting(["bot"]));
  await store.close();
  if (process.geteuid?.() !== 0) return;
  for (const path of [dirname(dirname(file)), dirname(file), file]) chownSync(path, nobody, nobody);
}

test("a commit reaches the disk before it counts, in a log beside the database", async () => {
  await inFolder((folder) => {
    const db = openConnection({ file: join(folder, "midwatch.db") });
    assert.equal(db.get("PRAGMA synchronous")?.["synchronous"], 2, "FULL");
    assert.equal(db.get("PRAGMA journal_mode")?.["journal_mode"], "wal");
    db.close();
  });
});

test("the database and its folder are made, for their owner only, whatever the umask", async () => {
  await inFolder(async (folder) => {
    const file = join(folder, "deep", "data", "midwatch.db");
    const umask = process.umask(0);
    try {
      const store = await openSqliteStore({ file });
      await store.putFact("key", "value");
      const modes = ["", "-wal", "-shm"].map((suffix) => statSync(file + suffix).mode & 0o777);
      assert.deepEqual(modes, [0o600, 0o600, 0o600]);
      assert.equal(statSync(dirname(file)).mode & 0o777, 0o700);
      assert.equal(statSync(join(folder, "deep")).mode & 0o777, 0o700);
      await store.close();
    } finally {
      process.umask(umask);
    }
  });
});

test("a store that is closed leaves one file behind", async () => {
  await inFolder(async (folder) => {
    const file = join(folder, "midwatch.db");
    await makeDatabase(file);
    assert.deepEqual([existsSync(file), existsSync(`${file}-wal`), existsSync(`${file}-shm`)], [true, false, false]);
  });
});

test("a database from a newer Midwatch is refused and left as it is", async () => {
  await inFolder(async (folder) => {
    const file = join(folder, "midwatch.db");
    await makeDatabase(file);
    const db = new DatabaseSync(file);
    db.exec("PRAGMA user_version = 99");
    db.close();
    const before = readFileSync(file);
    const error = await refusal("too-new", file);
    assert.match(error.message, /newer Midwatch \(schema 99; this one knows \d+\): update Midwatch/);
    await refusal("too-new", file, true);
    assert.deepEqual(readFileSync(file), before);
  });
});

test("another program's database is refused and left as it is", async () => {
  await inFolder(async (folder) => {
    const file = join(folder, "places.db");
    const db = new DatabaseSync(file);
    db.exec("CREATE TABLE places (name TEXT) STRICT; INSERT INTO places VALUES ('here')");
    db.close();
    const before = readFileSync(file);
    const error = await refusal("corrupt", file);
    assert.match(error.message, /a database of another program/);
    assert.deepEqual(readFileSync(file), before);
  });
});

test("a file that is no database is refused and left as it is", async () => {
  await inFolder(async (folder) => {
    const file = join(folder, "midwatch.db");
    const text = "Dear diary, ".repeat(1_000);
    writeFileSync(file, text);
    const error = await refusal("corrupt", file);
    assert.match(error.message, /restore a backup, or start with an empty folder/);
    assert.equal(readFileSync(file, "utf8"), text);
  });
});

test("a damaged database says so instead of answering wrongly", async () => {
  await inFolder(async (folder) => {
    const file = join(folder, "midwatch.db");
    await makeDatabase(file);
    // The schema stays whole: the damage is found only when the table is read.
    const db = new DatabaseSync(file);
    const agents = db.prepare("SELECT rootpage FROM sqlite_schema WHERE name = 'agents'").get()?.["rootpage"];
    db.close();
    const pageBytes = 4_096;
    const bytes = readFileSync(file);
    writeFileSync(file, bytes.fill(0xa5, (Number(agents) - 1) * pageBytes, Number(agents) * pageBytes));
    const store = await openSqliteStore({ file });
    const error = await rejectsWith("corrupt", () => store.agent("bot"));
    assert.equal(error.retryable, false);
    await rejectsWith("corrupt", () => store.fold(["bot"], counting(["bot"])));
    await store.close();
  });
});

test("an agent's row that holds no JSON is damage, too", async () => {
  await inFolder(async (folder) => {
    const file = join(folder, "midwatch.db");
    await makeDatabase(file);
    const db = new DatabaseSync(file);
    db.exec("UPDATE agents SET state = '{'");
    db.close();
    const store = await openSqliteStore({ file });
    const error = await rejectsWith("corrupt", () => store.agent("bot"));
    assert.match(error.message, /column state holds no JSON/);
    await store.close();
  });
});

test("an empty file becomes a database, as an interrupted start may have left one", async () => {
  await inFolder(async (folder) => {
    const file = join(folder, "midwatch.db");
    writeFileSync(file, "");
    const store = await openSqliteStore({ file });
    assert.equal(await store.agentCount(), 0);
    await store.close();
  });
});

test("a data folder that is a file, and a database that is a folder, are told", async () => {
  await inFolder(async (folder) => {
    const file = join(folder, "data");
    writeFileSync(file, "");
    const words = /cannot be opened .*see that it is a file, that its folder is a folder/;
    assert.match((await refusal("failed", join(file, "midwatch.db"))).message, words);
    assert.match((await refusal("failed", join(file, "deep", "midwatch.db"))).message, words);
    const asFolder = join(folder, "midwatch.db");
    mkdirSync(asFolder);
    assert.match((await refusal("failed", asFolder)).message, words);
  });
});

test("a folder or a file that may not be written is told, and its database can still be read", async () => {
  await inFolder(async (folder) => {
    const file = join(folder, "data", "midwatch.db");
    await makeDatabase(file);
    await withoutRoot(async () => {
      chmodSync(file, 0o400);
      assert.match(
        (await refusal("read-only", file)).message,
        /write access to it, to the files beside it that begin with its name, and to the folder/,
      );
      // Left by the attempt only where, as for root here, the first look at the rights was too kind.
      for (const path of [file, `${file}-wal`, `${file}-shm`]) if (existsSync(path)) chmodSync(path, 0o600);
      chmodSync(dirname(file), 0o500);
      await refusal("read-only", join(dirname(file), "other.db"));
      await refusal("read-only", join(dirname(file), "deeper", "midwatch.db"));
      chmodSync(dirname(file), 0o700);
      const store = await openSqliteStore({ file });
      assert.equal((await store.agent("bot"))?.state.beatsTotal, 1);
      await store.close();
    });
  });
});

test("a store that may only read refuses every write and answers the rest", async () => {
  await inFolder(async (folder) => {
    const file = join(folder, "midwatch.db");
    await refusal("failed", file, true);
    assert.equal(existsSync(file), false, "it makes nothing");
    await makeDatabase(file);
    const store = await openSqliteStore({ file, readOnly: true });
    assert.equal((await store.agent("bot"))?.state.beatsTotal, 1);
    assert.equal((await store.beats("bot", page)).items.length, 1);
    assert.equal((await store.hours({ from: morning, to: morning + 1 })).length, 1);
    const writes = [
      () => store.fold(["bot"], counting(["bot"])),
      () => store.putFact("key", "value"),
      () => store.addOutbox([draft("key")]),
      () => store.prune({ beats: 0, history: 0, incidents: 0, outbox: 0 }, 1),
    ];
    for (const write of writes) await rejectsWith("read-only", write);
    await store.close();
  });
});
