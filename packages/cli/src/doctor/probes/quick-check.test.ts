import assert from "node:assert/strict";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { test, type TestContext } from "node:test";
import { quickCheck } from "./quick-check.ts";

function folderIn(t: TestContext): string {
  const folder = mkdtempSync(join(tmpdir(), "midwatch-quick-check-"));
  t.after(() => rmSync(folder, { recursive: true }));
  return folder;
}

test("a whole database is whole, also while somebody writes to it", async (t) => {
  const file = join(folderIn(t), "a.db");
  const writer = new DatabaseSync(file);
  t.after(() => writer.close());
  writer.exec(
    "PRAGMA journal_mode = WAL; CREATE TABLE beats (at INTEGER); BEGIN IMMEDIATE; INSERT INTO beats VALUES (1);",
  );
  assert.deepEqual(await quickCheck(file), { state: "whole" });
});

test("a database with a broken page, and a file that is none, are told apart from one that can't be opened", async (t) => {
  const folder = folderIn(t);
  const file = join(folder, "broken.db");
  const db = new DatabaseSync(file);
  db.exec("CREATE TABLE beats (at INTEGER, words TEXT); CREATE INDEX by_words ON beats (words); BEGIN");
  const insert = db.prepare("INSERT INTO beats VALUES (?, ?)");
  for (let at = 0; at < 2_000; at += 1) insert.run(at, `beat number ${at}`);
  db.exec("COMMIT");
  db.close();
  const bytes = readFileSync(file);
  bytes.fill(0x5a, 4_096 * 4, 4_096 * 8);
  writeFileSync(file, bytes);
  assert.equal((await quickCheck(file)).state, "broken");

  const text = join(folder, "text.db");
  writeFileSync(text, "this is no database, although it is long enough to be looked at ".repeat(20));
  assert.equal((await quickCheck(text)).state, "broken");
  assert.equal((await quickCheck(join(folder, "gone.db"))).state, "unknown");
});
