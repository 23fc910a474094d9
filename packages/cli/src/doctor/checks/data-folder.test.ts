import { test } from "node:test";
import { assertSaid } from "../testing/said.ts";
import { judgeFileSystem, judgeOwner, judgeSpace, judgeSync, type DataFolderFacts } from "./data-folder.ts";

const gb = 2 ** 30;
const good: DataFolderFacts = {
  path: "/srv/midwatch/.midwatch",
  folder: { mode: 0o700, uid: 1000, writable: true, foreign: [] },
  uid: 1000,
  user: "watch",
  space: { free: 40 * gb, size: 100 * gb, freeFiles: 1e6, files: 2e6 },
  fileSystem: "ext4",
  inContainer: false,
};
const withSpace = (space: Partial<DataFolderFacts["space"]>): DataFolderFacts => ({
  ...good,
  space: { ...good.space, ...space },
});
const withFolder = (folder: Partial<NonNullable<DataFolderFacts["folder"]>>): DataFolderFacts => ({
  ...good,
  folder: { mode: 0o700, uid: 1000, writable: true, foreign: [], ...folder },
});

const table: readonly { claim: string; facts: DataFolderFacts; says: readonly RegExp[] }[] = [
  { claim: "a private folder on a disk with room is in order", facts: good, says: [] },
  {
    claim: "the last 99 MB",
    facts: withSpace({ free: 99 * 2 ** 20, size: 200 * 2 ** 20 }),
    says: [/bad: the disk of the data folder is full: 99 MB of 200 MB left/],
  },
  { claim: "1 % of a small disk", facts: withSpace({ free: 0.5 * gb, size: 50 * gb }), says: [/bad: .* is full/] },
  { claim: "4 % of a middling disk", facts: withSpace({ free: 4 * gb }), says: [/worth-knowing: .* fills up/] },
  {
    claim: "4 % of a disk so large that it is plenty",
    facts: withSpace({ free: 80 * gb, size: 2_000 * gb }),
    says: [],
  },
  { claim: "no inodes", facts: withSpace({ freeFiles: 12 }), says: [/bad: .* takes only 12 more files/] },
  { claim: "a file system that does not count files", facts: withSpace({ freeFiles: 0, files: 0 }), says: [] },
  { claim: "memory", facts: { ...good, fileSystem: "tmpfs" }, says: [/bad: the data folder is lost at every reboot/] },
  ...["nfs4", "cifs", "smb3", "fuse.sshfs", "9p"].map((fileSystem) => ({
    claim: fileSystem,
    facts: { ...good, fileSystem },
    says: [/bad: the data folder lies on a network file system/],
  })),
  {
    claim: "an unknown fuse",
    facts: { ...good, fileSystem: "fuse.mergerfs" },
    says: [/worth-knowing: .* on fuse\.mergerfs/],
  },
  {
    claim: "a container's own layer",
    facts: { ...good, fileSystem: "overlay", inContainer: true },
    says: [/bad: the data folder lies inside the container/],
  },
  { claim: "an overlay elsewhere", facts: { ...good, fileSystem: "overlay" }, says: [/worth-knowing: .* an overlay/] },
  { claim: "no word of mounts", facts: { ...good, fileSystem: null }, says: [/unchecked: file system/] },
  {
    claim: "nothing there yet",
    facts: { ...good, folder: null },
    says: [/worth-knowing: Midwatch has not run here yet/],
  },
  {
    claim: "another user's folder",
    facts: withFolder({ uid: 0, writable: false }),
    says: [/bad: the data folder belongs to another user than watch/],
  },
  { claim: "read-only", facts: withFolder({ writable: false }), says: [/bad: the data folder can't be written/] },
  {
    claim: "files that sudo left behind",
    facts: withFolder({ foreign: ["midwatch.db-wal"] }),
    says: [/bad: files in the data folder belong to different users/],
  },
  { claim: "writable by a group", facts: withFolder({ mode: 0o770 }), says: [/bad: others may write/] },
  { claim: "readable by all", facts: withFolder({ mode: 0o755 }), says: [/worth-knowing: others may look into/] },
  ...[
    "/Users/me/Dropbox/bots/.midwatch",
    "/Users/me/Library/Mobile Documents/com~apple~CloudDocs/.midwatch",
    "/home/me/OneDrive - Work/.midwatch",
  ].map((path) => ({ claim: path, facts: { ...good, path }, says: [/bad: the data folder is synchronised by/] })),
  { claim: "a folder that only sounds like one", facts: { ...good, path: "/srv/dropbox-bot/.midwatch" }, says: [] },
];

for (const { claim, facts, says } of table) {
  test(`the data folder: ${claim}`, () => {
    const remarks = [...judgeSpace(facts), ...judgeFileSystem(facts), ...judgeOwner(facts), ...judgeSync(facts)];
    assertSaid(remarks, says, claim);
  });
}
