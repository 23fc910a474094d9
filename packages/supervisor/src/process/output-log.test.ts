import assert from "node:assert/strict";
import { existsSync } from "node:fs";
import { appendFile, mkdtemp, readdir, readFile, rm, stat, symlink } from "node:fs/promises";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { test, type TestContext } from "node:test";
import { lastLinesOf, OutputLog } from "./output-log.ts";

async function pathFor(t: TestContext): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), "midwatch-output-"));
  t.after(() => rm(folder, { recursive: true }));
  return join(folder, "bot.log");
}

test("everything printed is heard once, over runs and over the emptying of the file", async (t) => {
  const path = await pathFor(t);
  let heard = "";
  const log = new OutputLog({ path, maxBytes: 1_000, onOutput: (chunk) => (heard += chunk.toString()) });
  let printed = "";
  for (let run = 0; run < 3; run += 1) {
    const file = await log.openForRun();
    for (let line = 0; line < 20; line += 1) {
      const text = `run ${run} line ${line} ${"x".repeat(50)}\n`;
      await file.write(text);
      printed += text;
      await log.look();
    }
    await file.close();
  }
  assert.equal(heard, printed);
  assert.ok((await stat(path)).size <= 1_100, "the file is bounded");
  assert.ok((await readFile(`${path}.1`, "utf8")).length > 900, "and what was before is kept aside");
});

test("the last lines are those of the present run", async (t) => {
  const path = await pathFor(t);
  const log = new OutputLog({ path, maxBytes: 10_000, onOutput: null });
  await appendFile(path, "of the last run\n");
  const file = await log.openForRun();
  assert.deepEqual(await log.lastLines(20), []);
  await file.write("Traceback:\n  ValueError: no\n\n");
  await file.close();
  assert.deepEqual(await log.lastLines(20), ["Traceback:", "  ValueError: no"]);
});

test("where nothing can be written any more a run gets no file to die of, and no last words of another run", async (t) => {
  if (!existsSync("/dev/full")) {
    process.stderr.write(`SKIPPED: ${t.name}: there is no /dev/full here\n`);
    t.skip("there is no /dev/full here");
    return;
  }
  const path = await pathFor(t);
  const log = new OutputLog({ path, maxBytes: 10_000, onOutput: null });
  await appendFile(path, "of the last run\n");
  await symlink("/dev/full", `${path}.probe`);
  await assert.rejects(log.openForRun(), { code: "ENOSPC" });
  assert.deepEqual(await log.lastLines(20), []);
  const file = await log.openForRun();
  await file.close();
  assert.deepEqual(await readdir(dirname(path)), ["bot.log"], "and nothing of the trial is left");
});

test("an adopted run's earlier output is not heard again", async (t) => {
  const path = await pathFor(t);
  await appendFile(path, "before\n");
  let heard = "";
  const log = new OutputLog({ path, maxBytes: 10_000, onOutput: (chunk) => (heard += chunk.toString()) });
  await log.resume();
  await appendFile(path, "after\n");
  await log.look();
  assert.equal(heard, "after\n");
});

test("last lines are bounded in number and length", () => {
  const lines = lastLinesOf(
    Array.from({ length: 100 }, (_, index) => `${index} ${"y".repeat(1_000)}`).join("\r\n"),
    20,
  );
  assert.equal(lines.length, 20);
  assert.ok(lines.every((line) => line.length <= 400));
  assert.match(lines.at(-1) ?? "", /^99 y+…$/);
});
