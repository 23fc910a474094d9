import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import { fileURLToPath } from "node:url";

const main = fileURLToPath(new URL("../main.ts", import.meta.url));

test("a key's label cannot command the terminal that lists it", async () => {
  const folder = await mkdtemp(join(tmpdir(), "midwatch-key-"));
  const key = (...args: string[]): string =>
    execFileSync(process.execPath, [...process.execArgv, main, "key", ...args, "--data", folder], {
      encoding: "utf8",
      stdio: ["ignore", "pipe", "ignore"],
    });
  try {
    key("create", "--scope", "read", "--label", "night\u001b[2J\nshift");
    const listed = key("list");
    assert.match(listed, /night shift\n$/);
    assert.ok(!listed.includes("\u001b"));
  } finally {
    await rm(folder, { recursive: true });
  }
});
