import assert from "node:assert/strict";
import { test } from "node:test";
import { runBounded } from "./bounded-command.ts";

const env = { PATH: process.env["PATH"] };
const limit = AbortSignal.timeout(20_000);

test("a command that does not answer is killed when its time is over", async () => {
  const asked = runBounded(["sleep", "60"], { env, limit: AbortSignal.timeout(50) });
  await assert.rejects(asked, { name: "AbortError" });
});

test("of a command that prints without end only the end is kept", async () => {
  const { stdout, status } = await runBounded(["sh", "-c", "seq 1 300000; exit 3"], { env, limit });
  assert.equal(status, 3);
  assert.ok(stdout.endsWith("\n300000\n"));
  assert.ok(stdout.length <= 256 * 1024);
});

test("a command that is not there is the system's error", async () => {
  await assert.rejects(runBounded(["/nonexistent/systemctl"], { env, limit }), { code: "ENOENT" });
});
