import assert from "node:assert/strict";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { DatabaseSync } from "node:sqlite";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test, type TestContext } from "node:test";
import { CommandFailure } from "./failure.ts";
import { openStore } from "./open-store.ts";

function folderOf(t: TestContext): string {
  const folder = mkdtempSync(join(tmpdir(), "midwatch-test-"));
  t.after(() => rmSync(folder, { recursive: true, force: true }));
  return folder;
}

async function statusOf(folder: string): Promise<number | null> {
  try {
    await (await openStore(folder, { busyTimeoutMs: 10 })).close();
    return null;
  } catch (error) {
    assert.ok(error instanceof CommandFailure);
    return error.status;
  }
}

test("a database that is held for the moment is no bad configuration, and the server is worth another try", async (t) => {
  const folder = folderOf(t);
  assert.equal(await statusOf(folder), null);
  const holder = new DatabaseSync(join(folder, "midwatch.db"));
  t.after(() => holder.close());
  holder.exec("PRAGMA locking_mode = EXCLUSIVE; BEGIN EXCLUSIVE");
  assert.equal(await statusOf(folder), 1);
});

test("a file that is no database needs a person", async (t) => {
  const folder = folderOf(t);
  writeFileSync(join(folder, "midwatch.db"), "not a database, and long enough to be looked at as one".repeat(100));
  assert.equal(await statusOf(folder), 78);
});
