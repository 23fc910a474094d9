import assert from "node:assert/strict";
import { test } from "node:test";
import { fileSystemOf, kindOf, parseLinuxMounts, parseMacMounts } from "./mounts.ts";

test("a path lies on the innermost of the mounts it is under, and of two in one place on the later", () => {
  const mounts = parseLinuxMounts(
    "/dev/sda1 / ext4 rw 0 0\nnas:/x /nowhere-here\\040data nfs4 rw 0 0\n/dev/sdb /nowhere-srv xfs rw 0 0\ntmpfs /nowhere-srv tmpfs rw 0 0\n",
  );
  assert.equal(fileSystemOf("/nowhere-here data/bots/.midwatch", mounts), "nfs4");
  assert.equal(fileSystemOf("/nowhere-srv/a", mounts), "tmpfs");
  assert.equal(fileSystemOf("/nowhere-srvx/a", mounts), "ext4");
  assert.equal(fileSystemOf("/anything", []), null);
});

test("macOS tells its mounts in words", () => {
  const text =
    "/dev/disk3s1s1 on / (apfs, sealed, local, read-only)\n//me@nas/s on /Volumes/My Share (smbfs, nodev)\nmap auto_home on /System/Volumes/Data/home (autofs, automounted)\n";
  const mounts = parseMacMounts(text);
  assert.deepEqual(mounts[1], { folder: "/Volumes/My Share", type: "smbfs" });
  assert.equal(kindOf("smbfs"), "network");
  assert.equal(kindOf("apfs"), "disk");
});
