import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtemp, readdir, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test, type TestContext } from "node:test";
import { identify } from "../process/identity.ts";
import { takeOwnership } from "./ownership.ts";

async function folderFor(t: TestContext): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), "midwatch-ownership-"));
  t.after(() => rm(folder, { recursive: true }));
  return folder;
}

test("a folder is taken by one, freed by it, and keeps its supervisor's id", async (t) => {
  const folder = await folderFor(t);
  const first = await takeOwnership(folder);
  await assert.rejects(takeOwnership(folder), { code: "data_folder_in_use" });
  await first.release();
  const second = await takeOwnership(folder);
  assert.equal(second.supervisorId, first.supervisorId);
  await second.release();
});

test("the lock of a dead supervisor is taken over, also when its pid belongs to somebody else now", async (t) => {
  const folder = await folderFor(t);
  const lock = join(folder, "supervisor.lock");
  const child = spawn(process.execPath, ["-e", "setTimeout(() => {}, 3_600_000)"], { stdio: "ignore" });
  await once(child, "spawn");
  const holder = identify(child.pid!);
  await writeFile(lock, JSON.stringify(holder));
  await assert.rejects(takeOwnership(folder), { code: "data_folder_in_use" });

  await writeFile(lock, JSON.stringify({ ...holder, startTime: "1" }));
  await (await takeOwnership(folder)).release();

  await writeFile(lock, JSON.stringify(holder));
  child.kill("SIGKILL");
  await once(child, "exit");
  await (await takeOwnership(folder)).release();
  assert.deepEqual(await readdir(folder), ["supervisor-id"]);
});

test("of many that find a dead lock at once, one takes the folder", async (t) => {
  const folder = await folderFor(t);
  await writeFile(join(folder, "supervisor.lock"), "");
  const tries = await Promise.allSettled(Array.from({ length: 8 }, () => takeOwnership(folder)));
  const taken = tries.filter(({ status }) => status === "fulfilled");
  assert.equal(taken.length, 1);
});
