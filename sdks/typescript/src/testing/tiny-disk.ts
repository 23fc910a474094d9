import { execFileSync } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { TestContext } from "node:test";

/** A disk of 128 KiB that can really be full, unmounted after the test; null, said loudly, where mounting is not allowed. */
export function tinyDisk(t: TestContext): string | null {
  const folder = mkdtempSync(join(tmpdir(), "midwatch-disk-"));
  let isMounted = false;
  t.after(() => {
    if (isMounted) execFileSync("umount", [folder]);
    rmSync(folder, { recursive: true, force: true });
  });
  try {
    execFileSync("mount", ["-t", "tmpfs", "-o", "size=128k,mode=0777", "tmpfs", folder], { stdio: "pipe" });
  } catch {
    const why = "a small disk cannot be mounted here; that takes root on Linux";
    console.error(`SKIPPED: ${t.name}: ${why}`);
    t.skip(why);
    return null;
  }
  isMounted = true;
  return folder;
}
