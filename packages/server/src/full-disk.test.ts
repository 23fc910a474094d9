import assert from "node:assert/strict";
import { spawn, spawnSync } from "node:child_process";
import { once } from "node:events";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import { fileURLToPath } from "node:url";

/** Runs a program where its mounts are its own: as root, or as an ordinary user who may pretend to be. */
const ownMounts = [["--mount"], ["--mount", "--map-root-user"]].find(
  (flags) => spawnSync("unshare", [...flags, "sh", "-c", "mount -t tmpfs tmpfs /mnt"]).status === 0,
);
const skip = ownMounts
  ? false
  : "SKIPPED: this machine lets nobody mount a small disk (unshare --mount), so a full one was NOT tested";

test(
  "on a full disk beats are answered 503, the rest goes on, and with room again nothing acknowledged is missing",
  { skip, timeout: 60_000 },
  async () => {
    const folder = await mkdtemp(join(tmpdir(), "midwatch-full-"));
    const program = fileURLToPath(new URL("testing/full-disk.ts", import.meta.url));
    const node = [process.execPath, "--conditions=midwatch-source", "--disable-warning=ExperimentalWarning"];
    const child = spawn("unshare", [...(ownMounts ?? []), ...node, program, folder], {
      stdio: ["ignore", "ignore", "pipe"],
    });
    let stderr = "";
    child.stderr.setEncoding("utf8").on("data", (text: string) => {
      stderr = (stderr + text).slice(-4_000);
    });
    const [status] = (await once(child, "close")) as [number | null];
    await rm(folder, { recursive: true, force: true });
    assert.equal(status, 0, stderr);
  },
);
