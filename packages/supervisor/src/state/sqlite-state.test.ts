import assert from "node:assert/strict";
import { execFileSync, spawn } from "node:child_process";
import { once } from "node:events";
import { readdir, readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { test, type TestContext } from "node:test";
import { exitWith, openGateInTest, outcomeOf, type GateInTest } from "../testing/gate-in-test.ts";
import { checkSqlite } from "./sqlite-check.ts";

async function withDatabase(t: TestContext): Promise<GateInTest & { readonly path: string }> {
  const one = await openGateInTest(t, { policy: { files: [{ path: "state.db", check: "sqlite", keep: 3 }] } });
  const path = join(one.cwd, "state.db");
  const database = new DatabaseSync(path);
  database.exec("CREATE TABLE facts (text TEXT); CREATE INDEX by_text ON facts (text)");
  for (let row = 0; row < 200; row += 1) database.exec(`INSERT INTO facts VALUES ('${row} ${"z".repeat(100)}')`);
  database.close();
  return { ...one, path };
}

const crash = (runId: string) => ({ runId, exit: exitWith([]) });

function rowsIn(path: string): number {
  const database = new DatabaseSync(path, { readOnly: true });
  try {
    return Number(database.prepare("SELECT count(*) AS rows FROM facts").get()?.["rows"]);
  } finally {
    database.close();
  }
}

/** A process that writes and is killed in the middle: what it leaves beside the database is needed. */
function killedWhile(path: string, statements: readonly string[]): void {
  const script = `const { DatabaseSync } = require("node:sqlite"); const db = new DatabaseSync(${JSON.stringify(path)});
    for (const one of ${JSON.stringify(statements)}) db.exec(one); process.kill(process.pid, "SIGKILL");`;
  try {
    execFileSync(process.execPath, ["-e", script], { stdio: "ignore" });
  } catch {
    // It was killed, as it should be.
  }
}

test("a database with a log that was left by a kill is whole: the log is read and neither file is changed", async (t) => {
  const one = await withDatabase(t);
  killedWhile(one.path, ["PRAGMA journal_mode=WAL", "INSERT INTO facts VALUES ('last')"]);
  const before = [await readFile(one.path), await readFile(`${one.path}-wal`)];
  assert.equal(outcomeOf(await one.gate.admit(crash("a"))), "as it is");
  assert.deepEqual([await readFile(one.path), await readFile(`${one.path}-wal`)], before);
  assert.equal(rowsIn(join(one.root, "good", "1", "0-state.db")), 201);
});

test("a database with a transaction to roll back is whole: that is tried on a copy, and the database is left as it is", async (t) => {
  const one = await withDatabase(t);
  killedWhile(one.path, ["PRAGMA cache_size=2", "BEGIN", "UPDATE facts SET text = text || 'longer'"]);
  assert.ok((await readFile(`${one.path}-journal`)).length > 0);
  const before = await readFile(one.path);
  assert.equal(outcomeOf(await one.gate.admit(crash("a"))), "as it is");
  assert.deepEqual(await readFile(one.path), before);
  const copy = new DatabaseSync(join(one.root, "good", "1", "0-state.db"), { readOnly: true });
  const changed = copy.prepare("SELECT count(*) AS rows FROM facts WHERE text LIKE '%longer'").get();
  copy.close();
  assert.equal(changed?.["rows"], 0);
});

test("a quiet database in WAL mode gets no side files from being looked at", async (t) => {
  const one = await withDatabase(t);
  const database = new DatabaseSync(one.path);
  database.exec("PRAGMA journal_mode=WAL; INSERT INTO facts VALUES ('x')");
  database.close();
  await one.gate.admit(null);
  assert.deepEqual((await readdir(one.cwd)).toSorted(), ["state", "state.db"]);
});

test("a damaged database is replaced by its generation, and goes to quarantine with its log", async (t) => {
  const one = await withDatabase(t);
  const database = new DatabaseSync(one.path);
  database.exec("PRAGMA journal_mode=WAL");
  database.close();
  await one.gate.keepGood();
  killedWhile(one.path, ["INSERT INTO facts VALUES ('last')"]);
  const log = await readFile(`${one.path}-wal`);
  const bytes = await readFile(one.path);
  // Pages that the log does not hold.
  bytes.fill(0xa5, 8_192, 16_384);
  await writeFile(one.path, bytes);
  const admission = await one.gate.admit(crash("a"));
  assert.equal(outcomeOf(admission), "restored");
  assert.match(JSON.stringify(admission), /state\.db: the database is damaged/);
  assert.equal(rowsIn(one.path), 200);
  const quarantined = await one.quarantined();
  for (const lost of [bytes, log]) assert.ok(quarantined.some(({ content }) => content.equals(lost)));
});

test("a database cut at any page, or with flipped bits, never ends the check: it is whole, damaged, or none", async (t) => {
  const one = await withDatabase(t);
  const whole = await readFile(one.path);
  const path = join(one.cwd, "cut.db");
  const scratch = join(one.cwd, "scratch");
  let cuts = 0;
  for (let length = 1; length < whole.length; length += 1_111) {
    await writeFile(path, whole.subarray(0, length));
    assert.equal((await checkSqlite(path, scratch)).is, "bad", `cut at ${length}`);
    cuts += 1;
  }
  let found = 0;
  const flips = 500;
  for (let n = 0; n < flips; n += 1) {
    const bytes = Buffer.from(whole);
    const at = (n * 7_919) % 4_096;
    const page = 4_096 * (n % Math.floor(whole.length / 4_096));
    bytes[page + (at % 12)] = (bytes[page + (at % 12)] ?? 0) ^ (1 << (n % 8));
    await writeFile(path, bytes);
    const { is } = await checkSqlite(path, scratch);
    assert.notEqual(is, "torn");
    if (is === "bad") found += 1;
  }
  t.diagnostic(`${cuts} cuts, all found; ${found} of ${flips} bits flipped in page headers found`);
  assert.ok(found > flips / 2);
});

test("a database that another process holds locked is not damaged: it could not be checked, and stays where it is", async (t) => {
  const one = await withDatabase(t);
  const script = `const { DatabaseSync } = require("node:sqlite"); const db = new DatabaseSync(${JSON.stringify(one.path)});
    db.exec("BEGIN EXCLUSIVE"); process.stdout.write("held"); setInterval(() => {}, 1000);`;
  const holder = spawn(process.execPath, ["-e", script], { stdio: ["ignore", "pipe", "inherit"] });
  t.after(() => holder.kill("SIGKILL"));
  await once(holder.stdout, "data");
  const admission = await one.gate.admit(crash("a"));
  assert.equal(outcomeOf(admission), "stays down");
  assert.match(JSON.stringify(admission), /another process holds the database locked/);
  assert.deepEqual(await one.quarantined(), []);
});

test("a generation is taken of a database that its agent is writing, as of one moment", async (t) => {
  const one = await withDatabase(t);
  const database = new DatabaseSync(one.path);
  database.exec("PRAGMA journal_mode=WAL; BEGIN; INSERT INTO facts VALUES ('not yet')");
  await one.gate.keepGood();
  database.exec("COMMIT");
  database.close();
  assert.equal(rowsIn(join(one.root, "good", "1", "0-state.db")), 200);
  assert.deepEqual(one.said, []);
});
