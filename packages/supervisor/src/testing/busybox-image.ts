// The smallest image there is: a static busybox under the names of its programs, as the archive that a daemon imports.

import { execFileSync } from "node:child_process";
import { copyFileSync, mkdirSync, symlinkSync } from "node:fs";
import { join } from "node:path";

const programs = ["sh", "sleep", "echo", "cat", "tail", "kill", "test", "rm", "touch", "printf", "seq"];

/** Made in a subfolder of `folder`. */
export function makeImage(folder: string): Buffer {
  const root = join(folder, "image");
  mkdirSync(join(root, "bin"), { recursive: true });
  mkdirSync(join(root, "tmp"));
  copyFileSync("/bin/busybox", join(root, "bin/busybox"));
  for (const program of programs) symlinkSync("busybox", join(root, "bin", program));
  return execFileSync("tar", ["-C", root, "-c", "."], { maxBuffer: 64 * 2 ** 20 });
}
