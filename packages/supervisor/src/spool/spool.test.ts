import assert from "node:assert/strict";
import { existsSync } from "node:fs";
import { appendFile, mkdir, mkdtemp, readdir, readFile, rm, symlink, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test, type TestContext } from "node:test";
import type { SpoolItem, SupervisorFact } from "@midwatch/protocol";
import { simulatedClock } from "../testing/simulated-clock.ts";
import { until } from "../testing/until.ts";
import { SpoolRelay } from "./relay.ts";
import { segmentName } from "./segment.ts";
import { Spool, type SpoolOptions } from "./spool.ts";

const everything = { items: 10_000, bytes: 2 ** 30 };

async function folderFor(t: TestContext): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), "midwatch-spool-"));
  t.after(() => rm(folder, { recursive: true }));
  return folder;
}

function optionsFor(folder: string, more: Partial<SpoolOptions> = {}): SpoolOptions {
  return { folder, maxBytes: 2 ** 20, segmentBytes: 2 ** 16, onDropped: () => undefined, ...more };
}

function beat(name: string): { beat: unknown; received_at: number } {
  return { beat: { agent: name }, received_at: 1_000 };
}

function names(items: readonly SpoolItem[]): unknown[] {
  return items.map((item) => ("beat" in item ? (item.beat as { agent: string }).agent : item.fact.type));
}

test("what was spooled is read back in order after a restart, and numbers go on rising", async (t) => {
  const options = optionsFor(await folderFor(t));
  const first = await Spool.open(options);
  assert.deepEqual(await Promise.all(["a", "b", "c"].map((name) => first.append(beat(name)))), [1, 2, 3]);
  await first.close();

  const second = await Spool.open(options);
  assert.equal(second.id, first.id);
  assert.equal(await second.append(beat("d")), 4);
  assert.deepEqual(names(await second.read(0, everything)), ["a", "b", "c", "d"]);
  assert.deepEqual(names(await second.read(2, { items: 1, bytes: 1_000 })), ["c"]);
  await second.close();
});

test("a spool cut at any byte of its last line loses that line and nothing else", async (t) => {
  const folder = await folderFor(t);
  const spool = await Spool.open(optionsFor(folder));
  await spool.append(beat("kept"));
  await spool.append(beat("torn"));
  await spool.close();
  const [name] = (await readdir(folder)).filter((one) => one.endsWith(".jsonl"));
  const path = join(folder, name!);
  const whole = await readFile(path);
  const lineStart = whole.indexOf(10) + 1;
  for (let cut = lineStart; cut < whole.length; cut += 1) {
    await writeFile(path, whole.subarray(0, cut));
    const opened = await Spool.open(optionsFor(folder));
    assert.equal(await opened.append(beat("next")), 2);
    assert.deepEqual(names(await opened.read(0, everything)), ["kept", "next"], `cut at byte ${cut}`);
    await opened.close();
  }
});

test("a damaged line between whole ones is passed over", async (t) => {
  const folder = await folderFor(t);
  const options = optionsFor(folder);
  const spool = await Spool.open(options);
  await spool.append(beat("a"));
  await spool.close();
  const [name] = (await readdir(folder)).filter((one) => one.endsWith(".jsonl"));
  await appendFile(join(folder, name!), '00000000 {"n":2,"beat":{"agent":"forged"},"received_at":1}\n');
  const reopened = await Spool.open(options);
  await reopened.append(beat("b"));
  assert.deepEqual(names(await reopened.read(0, everything)), ["a", "b"]);
  await reopened.close();
});

test("acknowledged segments are deleted, and the numbers survive an empty spool", async (t) => {
  const folder = await folderFor(t);
  const options = optionsFor(folder, { segmentBytes: 300 });
  const spool = await Spool.open(options);
  for (let index = 0; index < 50; index += 1) await spool.append(beat(`agent-${index}`));
  const before = (await readdir(folder)).length;
  await spool.acknowledge(50);
  assert.ok(before > 5);
  assert.equal((await readdir(folder)).length, 2, "the id and the last segment");
  await spool.close();

  const reopened = await Spool.open(options);
  assert.equal(await reopened.append(beat("more")), 51);
  await reopened.close();
});

test("a batch limit never leaves a hole between two reads", async (t) => {
  const spool = await Spool.open(optionsFor(await folderFor(t), { segmentBytes: 200 }));
  for (let index = 1; index <= 40; index += 1) await spool.append(beat(`a${index}`));
  const seen: number[] = [];
  for (let after = 0; after < 40;) {
    const items = await spool.read(after, { items: 7, bytes: 250 });
    assert.ok(items.length > 0);
    seen.push(...items.map(({ n }) => n));
    after = items.at(-1)!.n;
  }
  assert.deepEqual(
    seen,
    Array.from({ length: 40 }, (_, index) => index + 1),
  );
  await spool.close();
});

test("a full spool drops its oldest beats and says so once", async (t) => {
  const notices: string[] = [];
  const spool = await Spool.open(
    optionsFor(await folderFor(t), { maxBytes: 2_000, segmentBytes: 300, onDropped: (notice) => notices.push(notice) }),
  );
  for (let index = 1; index <= 200; index += 1) await spool.append(beat(`a${index}`));
  const left = await spool.read(0, everything);
  assert.equal(left.at(-1)?.n, 200);
  assert.ok(left[0]!.n > 150, "only the newest fit");
  assert.equal(notices.length, 1);
  assert.match(notices[0]!, /full .* dropped/);
  await spool.close();
});

test("a reader is woken once something newer is durable", async (t) => {
  const spool = await Spool.open(optionsFor(await folderFor(t)));
  const woken = new Promise<number>((resolve) => spool.onceNewer(0, () => resolve(spool.durable)));
  await spool.append(beat("a"));
  assert.equal(await woken, 1);
  await spool.close();
});

test("a message with characters that look like line ends comes back whole", async (t) => {
  const spool = await Spool.open(optionsFor(await folderFor(t)));
  const odd = "one\u2028two\u2029three\r\nfour\u0085";
  await spool.append(beat(odd));
  await spool.append(beat("next"));
  assert.deepEqual(names(await spool.read(0, everything)), [odd, "next"]);
  await spool.close();
});

test("an append made in the moment in which another ends is not forgotten", async (t) => {
  const spool = await Spool.open(optionsFor(await folderFor(t)));
  let last = 0;
  for (let hops = 0; hops < 20; hops += 1) {
    await spool.append(beat("a"));
    for (let hop = 0; hop < hops; hop += 1) await Promise.resolve();
    last = await spool.append(beat("b"));
  }
  assert.equal(last, 40);
  await spool.close();
});

test("while the disk refuses, beats are refused and facts are held; when it takes them again, the facts arrive in order", async (t) => {
  const folder = await folderFor(t);
  const spool = await Spool.open(optionsFor(folder, { segmentBytes: 1 }));
  const log: string[] = [];
  const clock = simulatedClock();
  const relay = new SpoolRelay(spool, clock, (line) => log.push(line));
  await relay.beat({ agent: "stored" }, 1_000);
  // Every segment that could come next cannot be opened: a folder stands in its place.
  const inTheWay = Array.from({ length: 20 }, (_, index) => join(folder, segmentName(2 + index)));
  for (const path of inTheWay) await mkdir(path);
  const refusal = { code: "spool_write_failed", retryable: true };
  await assert.rejects(relay.beat({ agent: "refused" }, 1_000), refusal);
  relay.fact(hung("first"));
  relay.fact(hung("second"));
  await assert.rejects(relay.beat({ agent: "refused too" }, 1_000), refusal);
  relay.fact(hung("third"));
  await clock.pass(2_000);
  assert.equal(log.length, 1, "it is said once");
  assert.match(log[0]!, /Free some space/);

  for (const path of inTheWay) await rm(path, { recursive: true });
  await until("the facts are stored", async () => {
    await clock.pass(1_000);
    return (await spool.read(1, everything)).length === 3;
  });
  await relay.beat({ agent: "stored again" }, 1_000);
  const items = await spool.read(0, everything);
  assert.deepEqual(
    items.map((item) => ("fact" in item ? item.fact.agent : names([item])[0])),
    ["stored", "first", "second", "third", "stored again"],
  );
  relay.close();
  await spool.close();
});

test(
  "a writing that the disk cuts short leaves nothing that could be taken for an item",
  { skip: existsSync("/dev/full") ? false : "this machine has no /dev/full to write to" },
  async (t) => {
    const folder = await folderFor(t);
    const spool = await Spool.open(optionsFor(folder, { segmentBytes: 1 }));
    await spool.append(beat("stored"));
    const full = join(folder, segmentName(2));
    await symlink("/dev/full", full);
    await assert.rejects(spool.append(beat("refused")), { code: "spool_write_failed" });
    await spool.close();
    await rm(full);
    const reopened = await Spool.open(optionsFor(folder));
    assert.deepEqual(names(await reopened.read(0, everything)), ["stored"]);
    await reopened.close();
  },
);

function hung(agent: string): SupervisorFact {
  return { type: "hung", at: 1, agent, run_id: "r", last_beat_at: null };
}
