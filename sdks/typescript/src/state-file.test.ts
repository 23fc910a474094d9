import assert from "node:assert/strict";
import { execFileSync, spawnSync } from "node:child_process";
import { mkdirSync, readdirSync, readFileSync, statSync, symlinkSync, utimesSync, writeFileSync } from "node:fs";
import fs from "node:fs/promises";
import { syncBuiltinESMExports } from "node:module";
import { join } from "node:path";
import { test, type TestContext } from "node:test";
import { decodeState, encodeState } from "./state-format.ts";
import { StateFile, type StateFileOptions } from "./state-file.ts";
import type { StorageError } from "./storage-error.ts";
import { contentsOf, scratchFolder } from "./testing/scratch.ts";
import { tinyDisk } from "./testing/tiny-disk.ts";

interface Golden {
  readonly name: string;
  readonly files: Readonly<Record<string, string>>;
  readonly expect: {
    readonly error?: string;
    readonly loaded: { readonly value: unknown; readonly generation: number; readonly saved_at: string | null } | null;
    readonly quarantined: readonly { readonly file: string; readonly generation: number | null }[];
    readonly next_generation: number;
  };
}

const GOLDEN = new URL("../../../packages/protocol/golden/state/", import.meta.url);
const SDK = new URL("./index.ts", import.meta.url).href;

function golden(name: string): unknown {
  return JSON.parse(readFileSync(new URL(name, GOLDEN), "utf8"));
}

interface Bench {
  readonly folder: string;
  readonly path: string;
  readonly lines: string[];
  readonly open: (options?: StateFileOptions) => StateFile;
}

function setUp(t: TestContext): Bench {
  const folder = scratchFolder(t);
  const path = join(folder, "state.json");
  const lines: string[] = [];
  const world = { wallMs: () => Date.parse("2026-11-24T03:12:06Z"), log: (line: string) => void lines.push(line) };
  return { folder, path, lines, open: (options = {}) => new StateFile(path, options, world) };
}

function code(expected: string): (error: StorageError) => true {
  return (error) => {
    assert.equal(error.code, expected, error.message);
    return true;
  };
}

for (const file of readdirSync(GOLDEN).filter((name) => name !== "saved.json")) {
  const { name, files, expect } = golden(file) as Golden;
  test(`golden: ${name}`, async (t) => {
    const { folder, path, open } = setUp(t);
    for (const [at, content] of Object.entries(files)) writeFileSync(join(folder, at), content);
    const state = open();
    if (expect.error !== undefined) {
      await assert.rejects(state.load(), code(expect.error));
      await assert.rejects(state.save(1), code(expect.error));
      assert.equal(readFileSync(path, "utf8"), files["state.json"]);
      return;
    }
    const loaded = await state.load();
    assert.deepEqual(
      loaded && { value: loaded.value, generation: loaded.generation, saved_at: loaded.savedAt },
      expect.loaded,
    );
    const aside = [...contentsOf(folder)].filter(([at]) => at.includes(".corrupt-"));
    assert.deepEqual(
      aside.map(([, bytes]) => bytes.toString()).toSorted(),
      expect.quarantined.map((one) => files[one.file]).toSorted(),
    );
    assert.deepEqual(
      state.quarantined.map((one) => ({ file: one.path.slice(folder.length + 1), generation: one.generation })),
      expect.quarantined,
    );
    assert.deepEqual(loaded?.quarantined ?? state.quarantined, state.quarantined);
    await state.save("next");
    assert.equal((await open().load())?.generation, expect.next_generation);
  });
}

test("golden: what a save writes, to the byte", () => {
  const { value, generation, saved_at, bytes } = golden("saved.json") as {
    value: unknown;
    generation: number;
    saved_at: string;
    bytes: string;
  };
  assert.equal(encodeState(Buffer.from(JSON.stringify(value)), generation, saved_at).toString(), bytes);
});

test("what was saved is loaded, and earlier generations stay beside it", async (t) => {
  const { folder, path, open } = setUp(t);
  const state = open({ keep: 3 });
  assert.equal(await state.load(), null);
  for (let position = 1; position <= 5; position += 1) await state.save({ position });
  assert.deepEqual(await open().load(), {
    value: { position: 5 },
    generation: 5,
    savedAt: "2026-11-24T03:12:06.000Z",
    quarantined: [],
  });
  const generations = [...contentsOf(folder)].map(([name, bytes]) => {
    const content = decodeState(bytes);
    return [name, content.kind === "valid" ? content.generation : content.kind];
  });
  assert.deepEqual(generations, [
    ["state.json", 5],
    ["state.json.1", 4],
    ["state.json.2", 3],
  ]);
  assert.equal(statSync(path).mode & 0o777, 0o600);
});

test("keep: 1 keeps nothing beside the file, keep: 2 one", async (t) => {
  for (const keep of [1, 2]) {
    const { folder, open } = setUp(t);
    for (let position = 1; position <= 4; position += 1) await open({ keep }).save({ position });
    assert.deepEqual([...contentsOf(folder).keys()], ["state.json", "state.json.1"].slice(0, keep));
  }
});

test("saves that nobody waits for are done in order, each with the value it was given at the time", async (t) => {
  const { open } = setUp(t);
  const state = open();
  const value = { position: 0 };
  const saves: Promise<void>[] = [];
  for (; value.position < 20; value.position += 1) saves.push(state.save(value));
  const between = state.load();
  value.position = 99;
  await Promise.all([...saves, state.save(value)]);
  assert.deepEqual((await between)?.value, { position: 19 });
  assert.deepEqual((await open().load())?.value, { position: 99 });
});

test("a save without a load puts a damaged file aside before it writes", async (t) => {
  const { folder, path, lines, open } = setUp(t);
  writeFileSync(path, `{"position": 1`);
  await open().save({ position: 2 });
  assert.equal(
    contentsOf(folder).get("state.json.corrupt-20261124T031206Z-1")?.toString(),
    `{"position": 1`,
    "kept as it was",
  );
  assert.match(lines.join("\n"), /state\.json is damaged .* moved to .*corrupt-/u);
});

test("files of one second in quarantine do not replace each other", async (t) => {
  const { folder, path, open } = setUp(t);
  for (const torn of ["{", "[", '"']) {
    writeFileSync(path, torn);
    assert.equal(await open().load(), null);
  }
  const kept = [...contentsOf(folder)].map(([name, bytes]) => [name.slice(-2), bytes.toString()]);
  assert.deepEqual(kept, [
    ["-1", "{"],
    ["-2", "["],
    ["-3", '"'],
  ]);
});

test("what another process has saved is not counted below", async (t) => {
  const { open } = setUp(t);
  const mine = open();
  await mine.save("mine");
  for (let count = 0; count < 5; count += 1) await open().save("another's");
  await mine.save("mine again");
  const loaded = await open().load();
  assert.deepEqual([loaded?.value, loaded?.generation], ["mine again", 7]);
});

test("values that are no JSON are refused, and the queue goes on", async (t) => {
  const { open } = setUp(t);
  const state = open();
  const round: unknown[] = [];
  round.push(round);
  for (const value of [undefined, () => 1, 1n, round]) await assert.rejects(state.save(value), code("not_json"));
  await state.save(null);
  assert.equal((await state.load())?.generation, 1);
  for (const keep of [0, 1.5, 101, Number.NaN]) assert.throws(() => open({ keep }), RangeError);
});

test("a file that cannot be read is not taken for damaged, and nothing is written over it", async (t) => {
  const { folder, path, open } = setUp(t);
  mkdirSync(path);
  await assert.rejects(open().load(), code("unreadable"));
  await assert.rejects(open().save(1), code("unreadable"));
  assert.deepEqual(readdirSync(folder), ["state.json"]);
});

test("without permission to read, load and save say so and change nothing", async (t) => {
  const { folder, path, open } = setUp(t);
  await open().save("precious");
  execFileSync("chmod", ["0777", folder]);
  execFileSync("chmod", ["0000", path]);
  const before = statSync(path).ino;
  const program = `
    import { StateFile } from ${JSON.stringify(SDK)};
    if (process.getuid() === 0) process.setuid(65534);
    const state = new StateFile(${JSON.stringify(path)});
    for (const task of [() => state.load(), () => state.save(1)]) {
      try { await task(); console.log("done"); } catch (error) { console.log(error.code, error.cause.code); }
    }`;
  const child = spawnSync(process.execPath, ["--input-type=module", "--eval", program], { encoding: "utf8" });
  assert.equal(child.stdout, "unreadable EACCES\nunreadable EACCES\n", child.stderr);
  assert.deepEqual([statSync(path).ino, readdirSync(folder)], [before, ["state.json"]]);
});

test("a folder that is missing loads as nothing, and a save says what is wrong", async (t) => {
  const { folder } = setUp(t);
  const state = new StateFile(join(folder, "nowhere", "state.json"));
  assert.equal(await state.load(), null);
  await assert.rejects(state.save(1), code("unwritable"));
});

test("a full disk fails the save, keeps the old state and leaves nothing behind", async (t) => {
  const disk = tinyDisk(t);
  if (disk === null) return;
  const path = join(disk, "state.json");
  const state = new StateFile(path);
  await state.save("small");
  writeFileSync(join(disk, "ballast"), "x".repeat(64_000));
  const before = readFileSync(path);
  await assert.rejects(state.save("large".repeat(20_000)), (error: StorageError) => {
    assert.deepEqual([error.code, (error.cause as NodeJS.ErrnoException).code], ["unwritable", "ENOSPC"]);
    assert.match(error.message, /no space left/u);
    return true;
  });
  assert.deepEqual([readFileSync(path), readdirSync(disk)], [before, ["ballast", "state.json"]]);
  await state.save("small again");
  assert.deepEqual((await state.load())?.value, "small again");
});

test("where there are no hard links the earlier generation is a copy", async (t) => {
  const { path, open } = setUp(t);
  const refuse = t.mock.method(fs, "link", async () => {
    await Promise.resolve();
    throw Object.assign(new Error("EPERM: operation not permitted, link"), { code: "EPERM" });
  });
  syncBuiltinESMExports();
  t.after(() => {
    refuse.mock.restore();
    syncBuiltinESMExports();
  });
  for (const value of ["first", "second", "third"]) await open().save(value);
  assert.ok(refuse.mock.callCount() > 0);
  writeFileSync(path, "torn");
  assert.equal((await open().load())?.value, "second");
});

test("a link to a file keeps leading to it", async (t) => {
  const { folder, path, open } = setUp(t);
  mkdirSync(join(folder, "volume"));
  await new StateFile(join(folder, "volume", "state.json")).save("there");
  symlinkSync(join("volume", "state.json"), path);
  await open().save("still there");
  assert.equal((await new StateFile(join(folder, "volume", "state.json")).load())?.value, "still there");
  assert.deepEqual(readdirSync(folder), ["state.json", "volume"]);
});

test("what a killed process left half-written is removed once it is an hour old", async (t) => {
  const { folder, path, open } = setUp(t);
  const names = ["0b7a2a1e-4c1d-4a6e-9a55-0d9f0c8f5b11", "0b7a2a1e-4c1d-4a6e-9a55-0d9f0c8f5b12"];
  for (const name of names) writeFileSync(`${path}.${name}.tmp`, "half");
  writeFileSync(`${path}.mine.tmp`, "not ours");
  const now = Date.parse("2026-11-24T03:12:06Z") / 1000;
  utimesSync(`${path}.${names[0]!}.tmp`, now - 3_700, now - 3_700);
  utimesSync(`${path}.${names[1]!}.tmp`, now - 60, now - 60);
  utimesSync(`${path}.mine.tmp`, now - 3_700, now - 3_700);
  await open().load();
  assert.deepEqual(readdirSync(folder), [`state.json.${names[1]!}.tmp`, "state.json.mine.tmp"]);
});
