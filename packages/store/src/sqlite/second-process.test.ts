import assert from "node:assert/strict";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { test } from "node:test";
import { rejectsWith } from "../testing/contract/claims.ts";
import { ended, startProgram } from "../testing/child.ts";
import { counting, draft } from "../testing/fixture.ts";
import { inFolder } from "../testing/folder.ts";
import { work } from "../testing/outbox-work.ts";
import { openSqliteStore } from "./open.ts";

test("processes that make and write one database at the same time lose nothing", async () => {
  await inFolder(async (folder) => {
    const file = join(folder, "new", "midwatch.db");
    const rounds = 20;
    const names = ["a", "b", "c", "d"];
    const ends = names.map((name) => ended(startProgram("neighbour.ts", file, name, `${rounds}`)));
    const store = await openSqliteStore({ file, busyTimeoutMs: 20_000 });
    for (let round = 0; round < rounds; round += 1) await store.fold(["shared"], counting(["shared"]));
    for (const { status, stderr } of await Promise.all(ends)) assert.equal(status, 0, stderr);
    assert.equal((await store.agent("shared"))?.state.beatsTotal, rounds * (names.length + 1));
    assert.equal((await store.keys()).length, rounds * names.length);
    for (const name of names) assert.equal((await store.agent(name))?.state.beatsTotal, rounds);
    await store.close();
  });
});

test("processes that deliver from one outbox take each message once, and none before its turn", async () => {
  await inFolder(async (folder) => {
    const file = join(folder, "midwatch.db");
    const keys = Array.from({ length: 120 }, (_, n) => `key-${n}`);
    const store = await openSqliteStore({ file, busyTimeoutMs: 20_000 });
    const workers = ["a", "b"].map(() => startProgram("outbox-worker.ts", file, `${keys.length}`));
    const heard = workers.map(async (worker) => (await worker.stdout.setEncoding("utf8").toArray()).join(""));
    const ends = workers.map(ended);
    const told: string[] = [];
    for (const [n, key] of keys.entries()) {
      await store.addOutbox([draft(key, { channel: `channel-${n % 2}`, agent: n % 3 === 0 ? null : `bot-${n % 3}` })]);
      if (n % 10 === 0) told.push(...(await work(store)));
    }
    for (const { status, stderr } of await Promise.all(ends)) assert.equal(status, 0, stderr);
    told.push(...(await Promise.all(heard)).flatMap((text) => text.split("\n").filter((line) => line !== "")));
    assert.deepEqual(told.toSorted(), keys.map((key) => `held ${key}`).toSorted());
    await store.close();
  });
});

test("a database that another process holds is busy, which ends by itself", async () => {
  await inFolder(async (folder) => {
    const file = join(folder, "midwatch.db");
    const store = await openSqliteStore({ file, busyTimeoutMs: 10 });
    await store.fold(["bot"], counting(["bot"]));
    const holder = new DatabaseSync(file);
    holder.exec("BEGIN IMMEDIATE");
    const error = await rejectsWith("busy", () => store.fold(["bot"], counting(["bot"])));
    assert.equal(error.retryable, true);
    assert.match(error.message, /held by another process/);
    await rejectsWith("busy", () => store.putFact("key", "value"));
    assert.equal((await store.agent("bot"))?.state.beatsTotal, 1, "reading goes on meanwhile");
    holder.exec("ROLLBACK");
    await store.fold(["bot"], counting(["bot"]));
    assert.equal((await store.agent("bot"))?.state.beatsTotal, 2);
    assert.equal(await store.fact("key"), null);
    holder.close();
    await store.close();
  });
});
