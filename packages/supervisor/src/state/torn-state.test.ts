import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import { readFile, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { test, type TestContext } from "node:test";
import type { Exit } from "@midwatch/core";
import { exitWith, openGateInTest, outcomeOf, refusalOf, type GateInTest } from "../testing/gate-in-test.ts";
import type { StateCheck } from "./state-policy.ts";

function envelope(generation: number, payload: string): string {
  const header = {
    midwatch_state: 1,
    generation,
    saved_at: "2026-03-01T00:00:00.000Z",
    bytes: Buffer.byteLength(payload),
    sha256: createHash("sha256").update(payload).digest("hex"),
  };
  return `${JSON.stringify(header)}\n${payload}\n`;
}

const states: Readonly<Record<"json" | "jsonl" | "envelope", readonly [string, string, string]>> = {
  json: [1, 2, 3].map((n) =>
    JSON.stringify({ position: n, names: ["Zoë", "a"], nested: { ok: true } }, null, 1),
  ) as never,
  jsonl: [1, 2, 3].map((n) =>
    Array.from({ length: n + 1 }, (_, line) => `${JSON.stringify({ line, text: "über" })}\n`).join(""),
  ) as never,
  envelope: [1, 2, 3].map((n) => envelope(n, JSON.stringify({ position: n, text: "über" }))) as never,
};

/** An agent with two good generations, whose third state is about to be cut. */
async function withTwoGenerations(t: TestContext, check: StateCheck, contents: readonly string[]): Promise<GateInTest> {
  const one = await openGateInTest(t, { policy: { files: [{ path: "state.file", check, keep: 2 }] } });
  const path = join(one.cwd, "state.file");
  for (const content of contents.slice(0, 2)) {
    await writeFile(path, content);
    assert.equal(outcomeOf(await one.gate.admit(null)), "as it is");
    await one.gate.keepGood();
  }
  return one;
}

/** Never the same death twice, which would be told of the state that it left. */
function exitBy(number: number): Exit {
  return { ...exitWith([]), code: 1 + (number % 2) };
}

/** Where the file's bytes went: those in its place, and those in quarantine. */
async function survivors(one: GateInTest, path: string): Promise<readonly Buffer[]> {
  return [await readFile(path), ...(await one.quarantined()).map(({ content }) => content)];
}

for (const check of ["json", "envelope"] as const) {
  test(`${check}: cut at every byte, the agent starts from the newest whole generation and the cut file still exists`, async (t) => {
    const [first, second, third] = states[check];
    const one = await withTwoGenerations(t, check, [first, second]);
    const path = join(one.cwd, "state.file");
    const bytes = Buffer.from(third);
    for (let length = 0; length < bytes.length; length += 1) {
      const cut = bytes.subarray(0, length);
      await writeFile(path, cut);
      const admission = await one.gate.admit({ runId: `run-${length}`, exit: exitBy(length) });
      assert.equal(outcomeOf(admission), "restored", `cut at ${length}`);
      assert.equal(await readFile(path, "utf8"), second, `cut at ${length}`);
      assert.ok(
        (await one.quarantined()).some(({ content }) => content.equals(cut)),
        `cut at ${length}`,
      );
      await rm(join(one.root, "quarantine"), { recursive: true });
    }
    await writeFile(path, third);
    assert.equal(outcomeOf(await one.gate.admit(null)), "as it is");
    t.diagnostic(`${bytes.length + 1} positions`);
  });
}

test("jsonl: cut at every byte, the agent starts from all whole lines, and the rest of the torn one is kept", async (t) => {
  const [first, second, third] = states.jsonl;
  const one = await withTwoGenerations(t, "jsonl", [first, second]);
  const path = join(one.cwd, "state.file");
  const bytes = Buffer.from(third);
  for (let length = 0; length <= bytes.length; length += 1) {
    const cut = bytes.subarray(0, length);
    await writeFile(path, cut);
    const admission = await one.gate.admit({ runId: `run-${length}`, exit: exitBy(length) });
    const lines = cut.subarray(0, cut.lastIndexOf("\n") + 1);
    const isWhole = length > 0 && (cut.length === lines.length || bytes[length] === 0x0a);
    const now = await readFile(path);
    if (isWhole) {
      assert.equal(outcomeOf(admission), "as it is");
      assert.deepEqual(now, cut);
    } else if (lines.length > 0) {
      assert.equal(outcomeOf(admission), "as it is", `cut at ${length}`);
      assert.deepEqual(now, lines, `cut at ${length}`);
      const [tail] = await one.quarantined();
      assert.deepEqual(tail?.content, cut.subarray(lines.length), `cut at ${length}`);
      assert.match(admission.fit ? (admission.notes[0] ?? "") : "", /the torn last line of state\.file was cut off/);
    } else {
      // Nothing whole is left of a file that held lines before.
      assert.equal(outcomeOf(admission), "restored", `cut at ${length}`);
      assert.ok(
        (await survivors(one, path)).some((content) => content.equals(cut)),
        `cut at ${length}`,
      );
    }
    await rm(join(one.root, "quarantine"), { recursive: true, force: true });
  }
  t.diagnostic(`${bytes.length + 1} positions`);
});

test("envelope: every single flipped bit is found", async (t) => {
  const [first, second, third] = states.envelope;
  const one = await withTwoGenerations(t, "envelope", [first, second]);
  const path = join(one.cwd, "state.file");
  // The time and the generation in a header without a check of its own are covered by nothing.
  const uncovered = third.slice(0, third.indexOf('"bytes"'));
  for (let index = uncovered.length; index < Buffer.byteLength(third); index += 1) {
    const bytes = Buffer.from(third);
    bytes[index] = (bytes[index] ?? 0) ^ (1 << (index % 8));
    await writeFile(path, bytes);
    const admission = await one.gate.admit({ runId: `run-${index}`, exit: exitBy(index) });
    assert.notEqual(outcomeOf(admission), "as it is", `bit ${index % 8} of byte ${index}`);
    assert.ok(
      (await survivors(one, path)).some((content) => content.equals(bytes)),
      `byte ${index}`,
    );
    await writeFile(path, second);
  }
});

test("a bad line in the middle of a log is named by its number, and the log is not cut there", async (t) => {
  const one = await openGateInTest(t, { policy: { files: [{ path: "log.jsonl", check: "jsonl", keep: 3 }] } });
  const content = '{"a":1}\n{"a":\n{"a":3}\n{"a"';
  await writeFile(join(one.cwd, "log.jsonl"), content);
  const admission = await one.gate.admit(null);
  assert.equal(outcomeOf(admission), "stays down");
  assert.match(refusalOf(admission).reason, /^log\.jsonl: its line 2 is no JSON$/);
  assert.equal(await readFile(join(one.cwd, "log.jsonl"), "utf8"), content);
});

test("an older generation that the SDK kept beside its file comes before one of the gate's", async (t) => {
  const one = await withTwoGenerations(t, "envelope", states.envelope);
  const path = join(one.cwd, "state.file");
  const newer = envelope(3, '"three"');
  await writeFile(`${path}.1`, newer);
  await writeFile(`${path}.2`, envelope(2, '"two"'));
  await writeFile(path, "{");
  const admission = await one.gate.admit(null);
  assert.equal(outcomeOf(admission), "restored");
  assert.equal(await readFile(path, "utf8"), newer);
  assert.match(JSON.stringify(admission), /kept as state\.file\.1 took its place/);
});
