import { realpathSync } from "node:fs";
import { dirname, resolve } from "node:path";
import type { RunTool } from "./run-tool.ts";
import { readSmallFile } from "./small-file.ts";

export interface Mount {
  readonly folder: string;
  /** As the system names it: "ext4", "tmpfs", "fuse.sshfs". */
  readonly type: string;
}

/** What is mounted here; empty when the system does not tell. */
export async function listMounts(runTool: RunTool): Promise<readonly Mount[]> {
  const linux = readSmallFile("/proc/self/mounts");
  if (linux !== null) return parseLinuxMounts(linux);
  return parseMacMounts((await runTool("/sbin/mount", []))?.output ?? "");
}

/** `/dev/sda1 /srv\040data ext4 rw 0 0` */
export function parseLinuxMounts(text: string): readonly Mount[] {
  return text.split("\n").flatMap((line) => {
    const [, folder, type] = line.split(" ");
    if (folder === undefined || type === undefined) return [];
    const plain = folder.replace(/\\([0-7]{3})/g, (_, octal: string) => String.fromCharCode(parseInt(octal, 8)));
    return [{ folder: plain, type }];
  });
}

/** `//me@nas/share on /Volumes/share (smbfs, nodev, nosuid)` */
export function parseMacMounts(text: string): readonly Mount[] {
  return [...text.matchAll(/^.* on (.+) \(([^,)]+)/gm)].map(([, folder = "", type = ""]) => ({ folder, type }));
}

/** The file system a path lies on; later mounts hide earlier ones. Null when nothing is known. */
export function fileSystemOf(path: string, mounts: readonly Mount[]): string | null {
  const real = realPathOf(path);
  let best: Mount | null = null;
  for (const mount of mounts) {
    const inside = mount.folder === "/" || real === mount.folder || real.startsWith(`${mount.folder}/`);
    if (inside && mount.folder.length >= (best?.folder.length ?? 0)) best = mount;
  }
  return best?.type ?? null;
}

/** Links followed, as far as the path exists. */
function realPathOf(path: string): string {
  try {
    return realpathSync(path);
  } catch {
    const parent = dirname(path);
    return parent === path ? path : resolve(realPathOf(parent), path.slice(parent.length).replace(/^\/+/, ""));
  }
}

const inMemory: ReadonlySet<string> = new Set(["tmpfs", "ramfs", "devtmpfs"]);
const overNetwork =
  /^(?:nfs\d?|cifs|smb\d?|smbfs|afpfs|webdav|9p|ceph|glusterfs|lustre|fuse\.(?:sshfs|s3fs|rclone|gcsfuse|glusterfs|ceph))$/;

export type FileSystemKind = "disk" | "memory" | "network" | "overlay" | "fuse";

/** What a file system's name means for what is kept on it. */
export function kindOf(type: string): FileSystemKind {
  if (inMemory.has(type)) return "memory";
  if (overNetwork.test(type)) return "network";
  if (type === "overlay") return "overlay";
  return type.startsWith("fuse.") ? "fuse" : "disk";
}
