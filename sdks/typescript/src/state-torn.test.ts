// A state file cut at every byte, changed at every byte, and its writer killed in mid-save.

import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { test } from "node:test";
import { setTimeout as sleep } from "node:timers/promises";
import { StateFile } from "./state-file.ts";
import { encodeState } from "./state-format.ts";
import { contentsOf, scratchFolder } from "./testing/scratch.ts";

const SDK = new URL("./index.ts", import.meta.url).href;
const quiet = { wallMs: () => Date.parse("2026-11-24T03:12:06Z"), log: () => undefined };

function valueOf(generation: number): unknown {
  return { position: generation, note: "Grüße 🌙" };
}

function bytesOf(generation: number): Buffer {
  return encodeState(
    Buffer.from(JSON.stringify(valueOf(generation))),
    generation,
    `2026-11-24T03:12:0${generation}.000Z`,
  );
}

/** Loads and saves with `files` on disk; `expected` is the generation that must come out. */
async function goThrough(folder: string, files: Readonly<Record<string, Buffer>>, expected: number): Promise<void> {
  rmSync(folder, { recursive: true, force: true });
  mkdirSync(folder);
  for (const [name, bytes] of Object.entries(files)) writeFileSync(join(folder, name), bytes);
  const state = new StateFile(join(folder, "state.json"), {}, quiet);
  const loaded = await state.load();
  assert.deepEqual([loaded?.generation, loaded?.value], [expected, valueOf(expected)]);
  await state.save("next");
  const kept = [...contentsOf(folder).values()];
  for (const [name, bytes] of Object.entries(files)) {
    // The oldest makes room for the new one, as after every save, when all three were whole.
    const mayGo = expected === 3 && name === "state.json.2";
    assert.ok(mayGo || kept.some((one) => one.equals(bytes)), `the bytes of ${name} are still there`);
  }
  const next = await new StateFile(join(folder, "state.json"), {}, quiet).load();
  assert.equal(next?.value, "next");
  assert.ok(next.generation > expected && next.quarantined.length === 0);
}

const older = { "state.json.1": bytesOf(2), "state.json.2": bytesOf(1) };
const whole = bytesOf(3);

test("a state file cut at any byte loads as the newest that is whole, and nothing is lost by saving", async (t) => {
  const folder = join(scratchFolder(t), "sweep");
  for (let length = 0; length < whole.length; length += 1) {
    await goThrough(folder, { "state.json": whole.subarray(0, length), ...older }, 2);
  }
  await goThrough(folder, { "state.json": whole, ...older }, 3);
  t.diagnostic(`cut at ${whole.length} places`);
});

test("two generations cut at any byte leave the third", async (t) => {
  const folder = join(scratchFolder(t), "sweep");
  const second = bytesOf(2);
  for (let length = 0; length < second.length; length += 7) {
    const files = { "state.json": whole.subarray(0, length), "state.json.1": second.subarray(0, length) };
    await goThrough(folder, { ...files, "state.json.2": bytesOf(1) }, 1);
  }
});

test("a state file with any byte changed loads as the newest that is whole, and nothing is lost by saving", async (t) => {
  const folder = join(scratchFolder(t), "sweep");
  // A header need not have a check: the same without it is whole, so a changed name of that field changes nothing.
  const name = whole.indexOf(`"check"`) + 1;
  for (let place = 0; place < whole.length; place += 1) {
    const changed = Buffer.from(whole);
    changed[place] = whole[place]! ^ (place % 2 === 0 ? 0x01 : 0x80);
    const harmless = place >= name && place < name + "check".length && changed[place]! < 0x80;
    await goThrough(folder, { "state.json": changed, ...older }, harmless ? 3 : 2);
  }
  t.diagnostic(`changed at ${whole.length} places`);
});

test("a process killed in mid-save at any moment has lost nothing that it was told is saved", async (t) => {
  const folder = scratchFolder(t);
  const path = join(folder, "state.json");
  const program = `
    import { StateFile } from ${JSON.stringify(SDK)};
    const state = new StateFile(${JSON.stringify(path)});
    const loaded = await state.load();
    console.log(loaded?.generation ?? 0);
    for (let position = loaded?.value.position ?? 0; ; ) {
      position += 1;
      await state.save({ position, ballast: "x".repeat(300_000) });
      console.log(position);
    }`;
  let told = 0;
  for (let kill = 1; kill <= 15; kill += 1) {
    const child = spawn(process.execPath, ["--input-type=module", "--eval", program], {
      stdio: ["ignore", "pipe", "inherit"],
    });
    t.after(() => child.kill("SIGKILL"));
    const closed = once(child, "close");
    createInterface(child.stdout).on("line", (line) => (told = Number(line)));
    await once(child.stdout, "data");
    await sleep(kill * 3);
    child.kill("SIGKILL");
    await closed;
    const loaded = await new StateFile<{ position: number }>(path, {}, quiet).load();
    assert.ok(loaded === null ? told === 0 : loaded.value.position >= told, `after kill ${kill}`);
    assert.deepEqual(loaded?.quarantined ?? [], []);
  }
  assert.ok(told > 0, "something was saved between the kills");
  assert.ok(readFileSync(path).length > 300_000);
  t.diagnostic(`${told} saves, 15 kills`);
});

test("processes that save into one file at the same time do not damage it", async (t) => {
  const folder = scratchFolder(t);
  const path = join(folder, "state.json");
  const program = `
    import { StateFile } from ${JSON.stringify(SDK)};
    const state = new StateFile(${JSON.stringify(path)});
    for (let count = 1; count <= 40; count += 1) {
      await state.save({ by: process.pid, count, ballast: "x".repeat(20_000) });
      const loaded = await state.load();
      if (loaded.quarantined.length > 0) throw new Error(JSON.stringify(loaded.quarantined));
    }`;
  const children = [1, 2, 3].map(() => {
    const child = spawn(process.execPath, ["--input-type=module", "--eval", program], { stdio: "inherit" });
    t.after(() => child.kill("SIGKILL"));
    return once(child, "close");
  });
  for (const child of children) assert.deepEqual(await child, [0, null]);
  const loaded = await new StateFile<{ count: number }>(path, {}, quiet).load();
  assert.deepEqual([...contentsOf(folder).keys()], ["state.json", "state.json.1", "state.json.2"]);
  assert.ok(loaded !== null && loaded.quarantined.length === 0);
});
