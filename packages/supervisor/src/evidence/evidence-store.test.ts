import assert from "node:assert/strict";
import { mkdir, mkdtemp, readdir, rm, utimes, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test, type TestContext } from "node:test";
import type { EvidenceBundle } from "@midwatch/protocol";
import { openEvidenceStore } from "./evidence-store.ts";

const day = Date.parse("2026-03-01T00:00:00Z");

async function folderFor(t: TestContext): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), "midwatch-evidence-store-"));
  t.after(() => rm(folder, { recursive: true, force: true }));
  return join(folder, "evidence");
}

function bundle(runId: string, text = "fact"): EvidenceBundle {
  return { run_id: runId, why: "hung", summary: `of ${runId}`, items: [{ name: "process", text }] };
}

test("what is saved is listed, newest first, each agent by itself", async (t) => {
  const folder = await folderFor(t);
  const store = openEvidenceStore({ folder });
  for (const [index, run] of ["one", "two", "three"].entries())
    assert.equal((await store.save("team/bot:1", bundle(run), day + index)).ok, true);
  await store.save("other", bundle("four"), day);
  const runs = (await openEvidenceStore({ folder }).list("team/bot:1")).map(({ at, bundle: { run_id } }) => [
    at,
    run_id,
  ]);
  assert.deepEqual(runs, [
    [day + 2, "three"],
    [day + 1, "two"],
    [day, "one"],
  ]);
  assert.deepEqual(await store.list("nobody"), []);
});

test("beyond the number the oldest goes, whosever it is", async (t) => {
  const store = openEvidenceStore({ folder: await folderFor(t), maxBundles: 3 });
  await store.save("a", bundle("1"), day + 1);
  await store.save("b", bundle("2"), day + 2);
  await store.save("a", bundle("3"), day + 3);
  await store.save("a", bundle("4"), day + 4);
  assert.deepEqual(
    (await store.list("a")).map((one) => one.bundle.run_id),
    ["4", "3"],
  );
  assert.equal((await store.list("b")).length, 1);
});

test("beyond the size the oldest go, but never the newest", async (t) => {
  const store = openEvidenceStore({ folder: await folderFor(t), maxBytes: 2_500 });
  for (const run of [1, 2, 3]) await store.save("a", bundle(String(run), "x".repeat(1_000)), day + run);
  assert.deepEqual(
    (await store.list("a")).map((one) => one.bundle.run_id),
    ["3", "2"],
  );
  await store.save("a", bundle("4", "x".repeat(9_000)), day + 4);
  assert.deepEqual(
    (await store.list("a")).map((one) => one.bundle.run_id),
    ["4"],
  );
});

test("an agent called .. stays in the folder", async (t) => {
  const folder = await folderFor(t);
  const store = openEvidenceStore({ folder });
  await store.save("..", bundle("1"), day);
  await store.save(".", bundle("2"), day);
  assert.deepEqual((await readdir(folder)).toSorted(), ["%2E", "%2E%2E"]);
  assert.equal((await store.list("..")).length, 1);
});

test("a place that cannot be written is told and stops nothing", async (t) => {
  const folder = await folderFor(t);
  await writeFile(folder, "a file stands where the folder should be");
  const store = openEvidenceStore({ folder });
  const outcome = await store.save("a", bundle("1"), day);
  assert.ok(!outcome.ok);
  assert.match(outcome.why, /could not be kept in .*: /);
  assert.deepEqual(await store.list("a"), []);
});

test("torn and foreign files are passed over, and half-written ones go", async (t) => {
  const folder = await folderFor(t);
  const store = openEvidenceStore({ folder });
  await mkdir(join(folder, "a"), { recursive: true });
  const half = join(folder, "a", "2026-03-01T000000.000Z-1.json.0000.tmp");
  await writeFile(half, "{");
  await utimes(half, new Date(day), new Date(day));
  await writeFile(join(folder, "a", "2026-03-01T000001.000Z-2.json"), '{"at":1');
  await writeFile(join(folder, "a", "note.txt"), "by a person");
  await store.save("a", bundle("3"), day);
  assert.equal((await store.list("a")).length, 1);
  const names = await readdir(join(folder, "a"));
  assert.ok(names.includes("note.txt"));
  assert.ok(!names.some((name) => name.endsWith(".tmp")));
});
