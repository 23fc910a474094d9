import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { once } from "node:events";
import { appendFileSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { test, type TestContext } from "node:test";
import { setTimeout as sleep } from "node:timers/promises";
import { SideEffects, type SideEffectsOptions } from "./side-effects.ts";
import type { StorageError } from "./storage-error.ts";
import { contentsOf, scratchFolder } from "./testing/scratch.ts";
import { tinyDisk } from "./testing/tiny-disk.ts";

interface Golden {
  readonly name: string;
  readonly file: string;
  readonly expect: {
    readonly in_flight: readonly { readonly key: string; readonly note: string | null; readonly begun_at: string }[];
    readonly done: Readonly<Record<string, unknown>>;
    readonly damaged: string;
  };
}

interface Written {
  readonly at: string;
  readonly steps: readonly (
    readonly ["begin", string, string?] | readonly ["done", string, unknown?] | readonly ["abandon", string]
  )[];
  readonly file: string;
}

const GOLDEN = new URL("../../../packages/protocol/golden/side-effects/", import.meta.url);
const SDK = new URL("./index.ts", import.meta.url).href;
const AT = "2026-11-24T03:12:06.000Z";

interface Bench {
  readonly folder: string;
  readonly path: string;
  readonly lines: string[];
  readonly open: (options?: SideEffectsOptions) => SideEffects;
}

function setUp(t: TestContext, at = AT): Bench {
  const folder = scratchFolder(t);
  const path = join(folder, "effects.jsonl");
  const lines: string[] = [];
  const world = { wallMs: () => Date.parse(at), log: (line: string) => void lines.push(line) };
  return { folder, path, lines, open: (options = {}) => new SideEffects(path, options, world) };
}

function golden(name: string): unknown {
  return JSON.parse(readFileSync(new URL(name, GOLDEN), "utf8"));
}

function keysOf(effects: SideEffects): string[] {
  return effects.inFlight().map(({ key }) => key);
}

for (const file of readdirSync(GOLDEN).filter((name) => name !== "written.json")) {
  const { name, file: content, expect } = golden(file) as Golden;
  test(`golden: ${name}`, async (t) => {
    const { folder, path, lines, open } = setUp(t);
    writeFileSync(path, content);
    const effects = open();
    assert.deepEqual(
      effects.inFlight().map(({ key, note, begunAt }) => ({ key, note, begun_at: begunAt })),
      expect.in_flight,
    );
    assert.equal(readFileSync(path, "utf8"), content, "opening writes nothing");
    for (const [key, result] of Object.entries(expect.done)) {
      assert.deepEqual([await effects.begin(key), effects.resultOf(key)], ["done", result]);
    }
    assert.equal(await effects.begin("one-more"), "new");
    const aside = [...contentsOf(folder)].filter(([at]) => at.includes(".torn-")).map(([, bytes]) => bytes.toString());
    assert.deepEqual(aside, expect.damaged === "" ? [] : [expect.damaged]);
    assert.equal(lines.length, aside.length);
    const again = open();
    assert.deepEqual(keysOf(again), [...expect.in_flight.map(({ key }) => key), "one-more"]);
    assert.equal(lines.length, aside.length, "and is whole from then on");
  });
}

test("golden: what the steps write, to the byte", async (t) => {
  const { at, steps, file } = golden("written.json") as Written;
  const { path, open } = setUp(t, at);
  const effects = open();
  for (const step of steps) {
    if (step[0] === "begin") assert.equal(await effects.begin(step[1], step[2]), "new");
    else if (step[0] === "done") await effects.done(step[1], step[2]);
    else await effects.abandon(step[1]);
  }
  assert.equal(readFileSync(path, "utf8"), file);
});

test("a key begins once, is in flight until it is done, and is known after a restart", async (t) => {
  const { open } = setUp(t);
  const effects = open();
  assert.deepEqual(await Promise.all([effects.begin("a", "why"), effects.begin("a"), effects.begin("b")]), [
    "new",
    "in-flight",
    "new",
  ]);
  assert.deepEqual(open().inFlight(), [
    { key: "a", note: "why", begunAt: AT },
    { key: "b", note: null, begunAt: AT },
  ]);
  await effects.done("a", { id: 7 });
  const restarted = open();
  assert.deepEqual([await restarted.begin("a"), await restarted.begin("b")], ["done", "in-flight"]);
  assert.deepEqual([restarted.resultOf("a"), restarted.resultOf("b")], [{ id: 7 }, null]);
  await restarted.abandon("b");
  await restarted.abandon("a");
  assert.deepEqual([await open().begin("b"), await open().begin("a")], ["new", "done"]);
});

test("a second object on the file is heard, also after the file was written anew or deleted", async (t) => {
  const { path, open } = setUp(t);
  const [mine, other] = [open(), open()];
  assert.equal(await other.begin("a"), "new");
  assert.equal(await mine.begin("a"), "in-flight");
  appendFileSync(path, "torn");
  assert.equal(await other.begin("b"), "new");
  assert.equal(await mine.begin("b"), "in-flight");
  rmSync(path);
  assert.equal(await mine.begin("a"), "in-flight");
  assert.equal(await mine.begin("c"), "new");
  assert.deepEqual(keysOf(open()), ["a", "b", "c"]);
});

test("only the last done ones are remembered, and the file stays bounded", async (t) => {
  const { folder, path, open } = setUp(t);
  const effects = open({ keep: 3 });
  await effects.begin("early");
  let longest = 0;
  for (let number = 0; number < 300; number += 1) {
    await effects.done(`key-${number}`);
    if (number % 10 === 0) longest = Math.max(longest, readFileSync(path).length);
  }
  const length = readFileSync(path).length;
  assert.ok(length < longest, "it was written anew");
  assert.deepEqual(readdirSync(folder), ["effects.jsonl"]);
  const again = open({ keep: 3 });
  const answers = await Promise.all(["early", "key-299", "key-297", "key-296"].map((key) => again.begin(key)));
  assert.deepEqual(answers, ["in-flight", "done", "done", "new"]);
});

test("keys, notes and results have bounds; a result that is too large does not undo the done", async (t) => {
  const { lines, open } = setUp(t);
  const effects = open();
  for (const key of ["", "x".repeat(513), 7 as unknown as string]) {
    await assert.rejects(effects.begin(key), RangeError);
    await assert.rejects(effects.done(key), RangeError);
  }
  await effects.begin("a", "n".repeat(5_000));
  assert.equal(effects.inFlight()[0]?.note?.length, 2_000);
  for (const result of ["r".repeat(5_000), 1n, () => 1]) await effects.done("a", result);
  assert.deepEqual([await effects.begin("a"), effects.resultOf("a"), lines.length], ["done", null, 3]);
});

test("a journal that cannot be read is not begun anew", (t) => {
  const { path, open } = setUp(t);
  mkdirSync(path);
  assert.throws(open, (error: StorageError) => error.code === "unreadable");
});

test("on a full disk nothing is begun, nothing is torn, and it goes on when there is room", async (t) => {
  const disk = tinyDisk(t);
  if (disk === null) return;
  const path = join(disk, "effects.jsonl");
  const effects = new SideEffects(path);
  await effects.begin("first");
  writeFileSync(join(disk, "ballast"), "x".repeat(124 * 1024));
  const before = readFileSync(path, "utf8");
  let refused = 0;
  // The page that the file has already still takes some.
  for (let number = 0; refused === 0 && number < 100; number += 1) {
    const key = `key-${number}`;
    await effects.begin(key, "n".repeat(1_000)).catch((error: unknown) => {
      assert.equal((error as StorageError).code, "unwritable");
      refused += 1;
      assert.ok(!keysOf(effects).includes(key) && !keysOf(new SideEffects(path)).includes(key));
    });
  }
  assert.equal(refused, 1);
  assert.ok(readFileSync(path, "utf8").startsWith(before));
  rmSync(join(disk, "ballast"));
  assert.equal(await effects.begin("later"), "new");
  assert.deepEqual(keysOf(new SideEffects(path)), keysOf(effects));
  assert.ok(readdirSync(disk).every((name) => !name.includes(".torn-")));
});

test("a journal cut at any byte tells every step before the cut, and puts the rest aside", async (t) => {
  const { folder, path, open } = setUp(t);
  const { file } = golden("valid.json") as Golden;
  const whole = Buffer.from(file.split("\n").slice(0, 3).join("\n") + "\n");
  const ends = [...whole.entries()].filter(([, byte]) => byte === 0x0a).map(([place]) => place + 1);
  for (let length = 0; length <= whole.length; length += 1) {
    for (const name of readdirSync(folder)) rmSync(join(folder, name));
    writeFileSync(path, whole.subarray(0, length));
    const kept = ends.findLast((end) => end <= length) ?? 0;
    await open().begin("one-more");
    const aside = [...contentsOf(folder)].filter(([name]) => name.includes(".torn-"));
    assert.deepEqual(
      aside.map(([, bytes]) => bytes.toString("hex")),
      kept === length ? [] : [whole.subarray(kept, length).toString("hex")],
    );
    const expected = open();
    writeFileSync(path, whole.subarray(0, kept));
    assert.deepEqual(keysOf(expected), [...keysOf(open()), "one-more"]);
  }
  t.diagnostic(`cut at ${whole.length} places`);
});

test("a process killed at any moment has begun nothing that is not known to be in flight", async (t) => {
  const { path } = setUp(t);
  const program = `
    import { SideEffects } from ${JSON.stringify(SDK)};
    const effects = new SideEffects(${JSON.stringify(path)}, { keep: 20 });
    for (let number = 0; ; number += 1) {
      const key = process.pid + "-" + number;
      console.log(await effects.begin(key), key);
      await effects.done(key);
    }`;
  let begun = 0;
  for (let kill = 1; kill <= 8; kill += 1) {
    const child = spawn(process.execPath, ["--input-type=module", "--eval", program], {
      stdio: ["ignore", "pipe", "inherit"],
    });
    t.after(() => child.kill("SIGKILL"));
    const closed = once(child, "close");
    let last = "";
    createInterface(child.stdout).on("line", (line) => {
      assert.match(line, /^new /u);
      begun += 1;
      last = line.slice("new ".length);
    });
    await once(child.stdout, "data");
    await sleep(kill * 5);
    child.kill("SIGKILL");
    await closed;
    assert.notEqual(await new SideEffects(path, { keep: 20 }).begin(last), "new", `after kill ${kill}`);
  }
  t.diagnostic(`${begun} begun, 8 kills`);
});
