import assert from "node:assert/strict";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { DatabaseSync } from "node:sqlite";
import { test } from "node:test";
import { ended, startProgram } from "../testing/child.ts";
import { morning, namesOf } from "../testing/fixture.ts";
import { inFolder } from "../testing/folder.ts";
import { openSqliteStore } from "./open.ts";

/** Runs the writer, kills it with SIGKILL after it has reported this many folds, and tells how many it reported in the end. */
async function killedAfter(file: string, folds: number): Promise<number> {
  const child = startProgram("crash-writer.ts", file);
  const end = ended(child);
  let resolved = 0;
  for await (const line of createInterface(child.stdout)) {
    assert.equal(line, "resolved");
    resolved += 1;
    if (resolved === folds) child.kill("SIGKILL");
  }
  const { signal, stderr } = await end;
  assert.equal(signal, "SIGKILL", stderr);
  return resolved;
}

async function totals(file: string) {
  const store = await openSqliteStore({ file });
  const folds = new Set<number>();
  for (const name of namesOf(20)) folds.add((await store.agent(name))?.state.beatsTotal ?? 0);
  const hours = await store.hours({ from: morning, to: morning + 3_600_000 });
  const page = { limit: 10_000, cursor: null };
  const history = (await store.history(null, page)).items.length;
  const notices = (await store.noticeLag(0)).waiting;
  await store.close();
  return { folds: [...folds], beats: hours.map(({ beats }) => beats), history, notices };
}

test("after a kill in the middle of writing, every fold that resolved is there, and each as a whole", async () => {
  await inFolder(async (folder) => {
    const file = join(folder, "midwatch.db");
    let reported = 0;
    // The third fold, and each 8th after it, also files the beats of those before away.
    for (const after of [1, 8, 13, 17, 24]) {
      reported += await killedAfter(file, after);
      const { folds, beats, history, notices } = await totals(file);
      assert.equal(folds.length, 1, "all agents are at the same fold");
      const [fold = 0] = folds;
      assert.ok(fold >= reported, `${reported} folds resolved, ${fold} are there`);
      assert.deepEqual(new Set(beats), new Set([fold * 100]));
      assert.equal(history, fold * 20);
      assert.equal(notices, fold);
      // A fold may be durable without having been reported: from here on it counts.
      reported = fold;
    }
    const db = new DatabaseSync(file, { readOnly: true });
    assert.deepEqual({ ...db.prepare("PRAGMA integrity_check").get() }, { integrity_check: "ok" });
    db.close();
  });
});
