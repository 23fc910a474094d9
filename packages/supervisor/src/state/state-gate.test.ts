import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { chmod, mkdir, mkdtemp, readdir, readFile, rm, stat, symlink, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test, type TestContext } from "node:test";
import { exitWith, gateIn, openGateInTest, outcomeOf, refusalOf, type GateInTest } from "../testing/gate-in-test.ts";
import type { StateCheck, StateFile } from "./state-policy.ts";

const json = (path = "state.json"): StateFile => ({ path, check: "json", keep: 3 });
const crash = (runId: string) => ({ runId, exit: exitWith() });

function skip(t: TestContext, why: string): void {
  console.error(`SKIPPED: ${t.name}: ${why}`);
  t.skip(why);
}

async function write({ cwd }: GateInTest, files: Readonly<Record<string, string>>): Promise<void> {
  for (const [name, content] of Object.entries(files)) await writeFile(join(cwd, name), content);
}

test("an agent that has declared nothing is let through, and nothing is written for it", async (t) => {
  const one = await openGateInTest(t, { policy: {} });
  assert.equal(outcomeOf(await one.gate.admit(crash("a"))), "as it is");
  await one.gate.keepGood();
  await assert.rejects(stat(one.root), { code: "ENOENT" });
});

test("a missing file is a fresh agent, until it was there: then it is gone, and is restored", async (t) => {
  const one = await openGateInTest(t, { policy: { files: [json("deep/er/state.json")] } });
  assert.equal(outcomeOf(await one.gate.admit(null)), "as it is");
  await mkdir(join(one.cwd, "deep/er"), { recursive: true });
  await write(one, { "deep/er/state.json": "{}" });
  assert.equal(outcomeOf(await one.gate.admit(null)), "as it is");
  await rm(join(one.cwd, "deep"), { recursive: true });
  const admission = await one.gate.admit(crash("a"));
  assert.equal(outcomeOf(admission), "restored");
  assert.match(JSON.stringify(admission), /deep\/er\/state\.json is gone/);
  assert.equal(await readFile(join(one.cwd, "deep/er/state.json"), "utf8"), "{}");
});

test("a file that its agent removed before it stopped well is not brought back", async (t) => {
  const one = await openGateInTest(t, { policy: { files: [json()] } });
  await write(one, { "state.json": "{}" });
  await one.gate.admit(null);
  await rm(join(one.cwd, "state.json"));
  await one.gate.keepGood();
  assert.equal(outcomeOf(await one.gate.admit(crash("a"))), "as it is");
  await assert.rejects(stat(join(one.cwd, "state.json")), { code: "ENOENT" });
});

test("unusable state at the very first sight is left where it is, and a person is asked", async (t) => {
  const one = await openGateInTest(t, { policy: { files: [json()] } });
  await write(one, { "state.json": "" });
  const admission = await one.gate.admit(null);
  assert.equal(outcomeOf(admission), "stays down");
  assert.match(JSON.stringify(admission), /state\.json is empty.*There is no good generation/);
  assert.deepEqual(await one.quarantined(), []);
  assert.equal((await stat(join(one.cwd, "state.json"))).size, 0);
});

test("two files never come from different times: both are restored from one generation, or neither", async (t) => {
  const one = await openGateInTest(t, { policy: { files: [json("a.json"), json("b.json")] } });
  for (const n of [1, 2]) {
    await write(one, { "a.json": `{"n":${n}}`, "b.json": `{"n":${n}}` });
    await one.gate.keepGood();
  }
  await write(one, { "a.json": '{"n":3}', "b.json": '{"n"' });
  assert.equal(outcomeOf(await one.gate.admit(crash("a"))), "restored");
  assert.equal(await readFile(join(one.cwd, "a.json"), "utf8"), '{"n":2}');
  assert.equal(await readFile(join(one.cwd, "b.json"), "utf8"), '{"n":2}');
  assert.equal((await one.quarantined()).length, 2);
});

test("a generation that has rotted is passed over for an older one", async (t) => {
  const one = await openGateInTest(t, { policy: { files: [json()] } });
  for (const n of [1, 2]) {
    await write(one, { "state.json": `{"n":${n}}` });
    await one.gate.keepGood();
  }
  // Still JSON, but no longer what was kept.
  await writeFile(join(one.root, "good", "2", "0-state.json"), '{"n":7}');
  await write(one, { "state.json": "{" });
  assert.equal(outcomeOf(await one.gate.admit(null)), "restored");
  assert.equal(await readFile(join(one.cwd, "state.json"), "utf8"), '{"n":1}');
});

test("as many generations are kept as asked for, only changed ones, and none of a file that is being written", async (t) => {
  const one = await openGateInTest(t, { policy: { files: [{ ...json(), keep: 2 }] } });
  const kept = async (): Promise<readonly string[]> => (await readdir(join(one.root, "good"))).toSorted();
  for (const n of [1, 2, 3]) {
    await write(one, { "state.json": `{"n":${n}}` });
    await one.gate.keepGood();
    await one.gate.keepGood();
  }
  assert.deepEqual(await kept(), ["2", "3"]);
  await write(one, { "state.json": '{"n":' });
  await one.gate.keepGood();
  assert.deepEqual(await kept(), ["2", "3"]);
});

test("by the policy fresh, unusable state is moved away and the agent starts without; by stop, nothing is touched", async (t) => {
  const fresh = await openGateInTest(t, { policy: { files: [json()], onInvalid: "fresh" } });
  await write(fresh, { "state.json": "{" });
  assert.equal(outcomeOf(await fresh.gate.admit(crash("a"))), "fresh");
  await assert.rejects(stat(join(fresh.cwd, "state.json")), { code: "ENOENT" });
  assert.deepEqual(
    (await fresh.quarantined()).map(({ content }) => content.toString()),
    ["{"],
  );
  assert.equal(outcomeOf(await fresh.gate.admit(crash("b"))), "as it is");

  const stop = await openGateInTest(t, { policy: { files: [json()], onInvalid: "stop" } });
  await write(stop, { "state.json": "{}" });
  await stop.gate.admit(null);
  await write(stop, { "state.json": "{" });
  const left = await stop.gate.admit(crash("a"));
  assert.equal(outcomeOf(left), "stays down");
  assert.equal(
    refusalOf(left).text,
    `Nothing was touched: ${join(stop.cwd, "state.json")}. Earlier generations are in ${join(stop.root, "good")}.`,
    "a person who is woken for it finds both",
  );
  assert.equal(await readFile(join(stop.cwd, "state.json"), "utf8"), "{");
});

test("a supervisor that died in the middle of a replacement leaves it to the next one to finish", async (t) => {
  const one = await openGateInTest(t, { policy: { files: [json("a.json"), json("b.json")] } });
  await write(one, { "a.json": "{}", "b.json": "{}" });
  await one.gate.keepGood();
  await one.gate.admit(null);
  const path = join(one.root, "memory.json");
  const memory = JSON.parse(await readFile(path, "utf8")) as object;
  await writeFile(path, JSON.stringify({ ...memory, there: [], unfinished: "a.json is cut off" }));
  await rm(join(one.cwd, "a.json"));
  const admission = await (await one.reopen()).admit(crash("a"));
  assert.equal(outcomeOf(admission), "restored");
  assert.match(JSON.stringify(admission), /a\.json is cut off/);
  assert.equal(await readFile(join(one.cwd, "a.json"), "utf8"), "{}");
});

test("what cannot be checked is no pass: nothing is touched and the agent stays down", async (t) => {
  const one = await openGateInTest(t, { policy: { files: [json()] } });
  await write(one, { "state.json": "{}" });
  await one.gate.admit(null);
  await rm(join(one.cwd, "state.json"));
  await mkdir(join(one.cwd, "state.json"));
  assert.match(JSON.stringify(await one.gate.admit(null)), /could not be checked: state\.json is a folder/);
  await rm(join(one.cwd, "state.json"), { recursive: true });
  execFileSync("mkfifo", [join(one.cwd, "state.json")]);
  assert.match(JSON.stringify(await one.gate.admit(null)), /could not be checked: state\.json is no ordinary file/);
  await rm(join(one.cwd, "state.json"));
  await symlink("state.json", join(one.cwd, "state.json"));
  assert.equal(outcomeOf(await one.gate.admit(null)), "stays down");
});

test("a file that the supervisor may not read could not be checked", async (t) => {
  if (process.getuid?.() === 0) return skip(t, "root may read everything; run the tests as another user");
  const one = await openGateInTest(t, { policy: { files: [json()] } });
  await write(one, { "state.json": "{}" });
  await chmod(join(one.cwd, "state.json"), 0);
  assert.match(
    JSON.stringify(await one.gate.admit(null)),
    /could not be checked: state\.json: the supervisor may not read it/,
  );
});

test("a link to state stays a link, and the file that it leads to is replaced, with its mode", async (t) => {
  const one = await openGateInTest(t, { policy: { files: [json()] } });
  await mkdir(join(one.cwd, "elsewhere"));
  const real = join(one.cwd, "elsewhere", "real.json");
  await writeFile(real, "{}", { mode: 0o640 });
  await symlink("elsewhere/real.json", join(one.cwd, "state.json"));
  await one.gate.keepGood();
  await writeFile(real, "{");
  assert.equal(outcomeOf(await one.gate.admit(null)), "restored");
  assert.equal(await readFile(real, "utf8"), "{}");
  assert.equal((await stat(real)).mode & 0o777, 0o640);
  await rm(real);
  assert.equal(outcomeOf(await one.gate.admit(crash("a"))), "restored");
  assert.equal(await readFile(real, "utf8"), "{}");
});

test("a file outside the agent's folder, and one of many megabytes, are checked like any other", async (t) => {
  const elsewhere = await mkdtemp(join(tmpdir(), "midwatch-elsewhere-"));
  t.after(() => rm(elsewhere, { recursive: true, force: true }));
  const path = join(elsewhere, "state.json");
  const one = await openGateInTest(t, { policy: { files: [json(path)] } });
  const large = Buffer.from(`["${"x".repeat(5 * 2 ** 20)}"]`);
  await writeFile(path, large);
  assert.equal(outcomeOf(await one.gate.admit(null)), "as it is");
  await writeFile(path, large.subarray(0, -1));
  assert.equal(outcomeOf(await one.gate.admit(crash("a"))), "restored");
  assert.ok((await readFile(path)).equals(large));
});

test("a check that takes too long could not be made", async (t) => {
  const one = await openGateInTest(t, { policy: { files: [json()] }, taskTimeoutMs: 1 });
  await writeFile(join(one.cwd, "state.json"), `["${"x".repeat(50 * 2 ** 20)}"]`);
  assert.match(
    JSON.stringify(await one.gate.admit(null)),
    /could not be checked: it (took longer than|did not come within)/,
  );
});

test("a damaged memory of the gate is forgotten and said, and no reason to stay down", async (t) => {
  const one = await openGateInTest(t, { policy: { files: [json()] } });
  await write(one, { "state.json": "{}" });
  await one.gate.admit(null);
  await writeFile(join(one.root, "memory.json"), '{"admitted":');
  const admission = await one.gate.admit(crash("a"));
  assert.equal(outcomeOf(admission), "as it is");
  assert.match(JSON.stringify(admission), /was damaged and has been forgotten/);
});

/** A file system of its own, so small that it can be filled; null where none may be mounted. */
async function smallDisk(t: TestContext): Promise<string | null> {
  const folder = await mkdtemp(join(tmpdir(), "midwatch-small-"));
  try {
    execFileSync("mount", ["-t", "tmpfs", "-o", "size=256k", "tmpfs", folder], { stdio: "ignore" });
  } catch {
    // Not root, or no mount in this sandbox.
    await rm(folder, { recursive: true });
    return null;
  }
  t.after(async () => {
    execFileSync("umount", ["-l", folder]);
    await rm(folder, { recursive: true });
  });
  return folder;
}

async function fill(disk: string): Promise<void> {
  for (let size = 65_536; size >= 1; size = Math.floor(size / 4)) {
    for (let n = 0; ; n += 1) {
      try {
        await writeFile(join(disk, `fill-${size}-${n}`), Buffer.alloc(size, 1), { flag: "wx" });
      } catch {
        // Full for files of this size, which is what is wanted.
        break;
      }
    }
  }
}

for (const check of ["json", "envelope"] as const satisfies readonly StateCheck[]) {
  test(`${check}: on a full disk good state is started from, and unusable state that cannot be moved is not`, async (t) => {
    const disk = await smallDisk(t);
    if (disk === null) return skip(t, "a tmpfs cannot be mounted here; run the tests as root");
    const home = await mkdtemp(join(tmpdir(), "midwatch-gate-"));
    t.after(() => rm(home, { recursive: true, force: true }));
    const one = await gateIn(home, { policy: { files: [{ ...json(), check }] }, folder: join(disk, "state") });
    await write(one, { "state.json": '{"n":1}' });
    assert.equal(outcomeOf(await one.gate.admit(null)), "as it is");
    await fill(disk);
    const large = `{"n":"${"2".repeat(20_000)}"}`;
    await write(one, { "state.json": large });
    const admission = await one.gate.admit(crash("a"));
    assert.equal(outcomeOf(admission), "as it is");
    assert.match(JSON.stringify(admission), /no generation of its state is kept: .*no space left/i);

    const torn = large.slice(0, -1);
    await write(one, { "state.json": torn });
    const refused = await one.gate.admit(crash("b"));
    assert.equal(outcomeOf(refused), "stays down");
    assert.match(JSON.stringify(refused), /no space left.*Nothing was changed/i);
    assert.equal(await readFile(join(home, "state.json"), "utf8"), torn);

    for (const name of await readdir(disk)) if (name.startsWith("fill-")) await rm(join(disk, name));
    assert.equal(outcomeOf(await one.gate.admit(crash("b"))), "restored");
    assert.deepEqual(
      (await one.quarantined()).map(({ content }) => content.toString()),
      [torn],
    );
  });
}
