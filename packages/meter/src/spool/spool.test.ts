import assert from "node:assert/strict";
import { readdir, readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { test } from "node:test";
import type { MeterCall } from "@midwatch/protocol";
import { folderInTest } from "../testing/meter-in-test.ts";
import { until } from "../testing/until.ts";
import { Spool, type SpoolOptions } from "./spool.ts";

const call: MeterCall = {
  key: "k",
  at: 1,
  provider: null,
  model: null,
  input_tokens: 1,
  output_tokens: 1,
  cache_read_tokens: 0,
  cache_write_tokens: 0,
  reasoning_tokens: 0,
  cost_usd_micros: null,
  outcome: "ok",
  estimated: false,
  tools: [],
  prompt_hash: null,
  session: null,
  remarks: [],
};

function optionsFor(folder: string, more: Partial<SpoolOptions> = {}): SpoolOptions {
  return { folder, log: () => undefined, ...more };
}

async function numbersIn(spool: Spool, limit = 1_000): Promise<number[]> {
  return (await spool.read(spool.acknowledged, limit)).map(({ n }) => n);
}

test("what was spooled is read back after a restart, under the same name, and numbers go on rising", async (t) => {
  const options = optionsFor(await folderInTest(t));
  const first = await Spool.open(options);
  for (const agent of ["a", "b", "c"]) first.append(agent, call);
  await first.close();
  const second = await Spool.open(options);
  assert.equal(second.id, first.id);
  assert.deepEqual(
    (await second.read(0, 10)).map(({ n, agent }) => [n, agent]),
    [
      [1, "a"],
      [2, "b"],
      [3, "c"],
    ],
  );
  second.append("d", call);
  await until(() => second.ready === 4, "the fourth to be durable");
  assert.deepEqual(await numbersIn(second), [1, 2, 3, 4]);
  assert.deepEqual(
    (await second.read(3, 10)).map(({ n }) => n),
    [4],
  );
  await second.close();
});

test("a spool cut at any byte of its last line loses that line and nothing else", async (t) => {
  const folder = await folderInTest(t);
  const spool = await Spool.open(optionsFor(folder));
  spool.append("kept", call);
  spool.append("torn", call);
  await spool.close();
  const [name = ""] = (await readdir(folder)).filter((one) => one.endsWith(".jsonl"));
  const whole = await readFile(join(folder, name));
  for (let cut = whole.indexOf(10) + 1; cut < whole.length; cut += 7) {
    await writeFile(join(folder, name), whole.subarray(0, cut));
    const opened = await Spool.open(optionsFor(folder));
    opened.append("next", call);
    await opened.close();
    const again = await Spool.open(optionsFor(folder));
    const items = await again.read(0, 10);
    assert.deepEqual(
      items.map(({ n, agent }) => [n, agent]),
      [
        [1, "kept"],
        [2, "next"],
      ],
      `cut at byte ${cut}`,
    );
    await again.close();
  }
});

test("acknowledged segments are deleted, and the numbers survive an empty spool", async (t) => {
  const folder = await folderInTest(t);
  const options = optionsFor(folder, { segmentBytes: 600 });
  const spool = await Spool.open(options);
  for (let n = 1; n <= 30; n += 1) {
    spool.append("a", call);
    await until(() => spool.ready === n, "it to be durable");
  }
  const before = (await readdir(folder)).length;
  await spool.acknowledge(30);
  assert.ok(before > 5);
  assert.equal((await readdir(folder)).length, 2, "the name and the last segment");
  assert.deepEqual(await numbersIn(spool), []);
  await spool.close();
  const reopened = await Spool.open(options);
  reopened.append("a", call);
  assert.equal(reopened.last, 31);
  await reopened.close();
});

test("a full spool drops its oldest segment and says so once", async (t) => {
  const said: string[] = [];
  const spool = await Spool.open(
    optionsFor(await folderInTest(t), { segmentBytes: 500, maxBytes: 2_000, log: (line) => said.push(line) }),
  );
  for (let n = 1; n <= 40; n += 1) {
    spool.append("a", call);
    await until(() => spool.ready === n, "it to be durable");
  }
  await spool.close();
  assert.equal(said.length, 1);
  assert.match(said[0] ?? "", /is full/);
});

test("a server that knows numbers which the disk never kept makes the rest go under a new name", async (t) => {
  const folder = await folderInTest(t);
  const first = await Spool.open(optionsFor(folder));
  first.append("a", call);
  await first.close();
  const second = await Spool.open(optionsFor(folder));
  second.append("b", call);
  await second.agree(5);
  assert.notEqual(second.id, first.id);
  assert.deepEqual(await numbersIn(second), [2], "what the server had of the old spool is not told again");
  await second.close();
  const third = await Spool.open(optionsFor(folder));
  assert.equal(third.id, second.id);
  await third.close();
});
