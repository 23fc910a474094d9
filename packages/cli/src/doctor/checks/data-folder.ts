import { accessSync, constants, readdirSync, statfsSync, statSync, type Stats } from "node:fs";
import { userInfo } from "node:os";
import { dirname, join } from "node:path";
import { check } from "../check.ts";
import { isContainer } from "../probes/container.ts";
import { fileSystemOf, kindOf } from "../probes/mounts.ts";
import { bad, seen, unchecked, worthKnowing, type Remark } from "../remark.ts";
import { spellBytes } from "../spell-bytes.ts";

export interface DataFolderFacts {
  readonly path: string;
  /** Null: it is not there yet; then space and file system are those of the folder it will be made in. */
  readonly folder: {
    readonly mode: number;
    readonly uid: number;
    readonly writable: boolean;
    /** Entries whose owner is another one than the folder's. */
    readonly foreign: readonly string[];
  } | null;
  /** Who asks. */
  readonly uid: number;
  readonly user: string;
  readonly space: {
    readonly free: number;
    readonly size: number;
    readonly freeFiles: number;
    /** 0 where the file system does not count them. */
    readonly files: number;
  };
  readonly fileSystem: string | null;
  readonly inContainer: boolean;
}

const megabyte = 2 ** 20;
const fullBytes = 100 * megabyte;
/** Of a large disk 5 % is plenty; only below this much is it a sign. */
const plentyBytes = 10_240 * megabyte;
const scarceBytes = 1_024 * megabyte;
const fullShare = 0.05;
const fullFiles = 1_000;

export const dataFolder = check<DataFolderFacts>({
  name: "data folder",
  probe: async ({ config, mounts }) => {
    const path = config.server.dataDir;
    const stats = statSync(path, { throwIfNoEntry: false }) ?? null;
    const disk = statfsSync(nearestFolder(path));
    return {
      path,
      folder: stats === null ? null : folderFacts(path, stats),
      uid: process.getuid?.() ?? -1,
      user: userInfo().username,
      space: {
        free: disk.bavail * disk.bsize,
        size: disk.blocks * disk.bsize,
        freeFiles: disk.ffree,
        files: disk.files,
      },
      fileSystem: fileSystemOf(path, await mounts()),
      inContainer: isContainer(),
    };
  },
  judge: (facts) => [
    seen(`${spellBytes(facts.space.free)} free`),
    ...judgeSpace(facts),
    ...judgeFileSystem(facts),
    ...judgeOwner(facts),
    ...judgeSync(facts),
  ],
});

export function judgeSpace({ path, space }: DataFolderFacts): readonly Remark[] {
  const { free, size, freeFiles, files } = space;
  const share = free / Math.max(1, size);
  const left = `${spellBytes(free)} of ${spellBytes(size)} left`;
  const why =
    "When nothing is left, beats are refused until there is room, agents carry their figures themselves, and their own state can be torn: most programs do not survive a full disk.";
  const fix = `Free some space (\`du -xh ${path} | sort -h | tail\`), or move the folder: stop Midwatch, copy it, and name it under \`server.data\`.`;
  const remarks: Remark[] = [];
  if (free < fullBytes || (share < fullShare && free < scarceBytes)) {
    remarks.push(bad({ title: `the disk of the data folder is full: ${left}`, why, fix }));
  } else if (share < fullShare && free < plentyBytes) {
    remarks.push(worthKnowing({ title: `the disk of the data folder fills up: ${left}`, why, fix }));
  }
  if (files > 0 && freeFiles < fullFiles) {
    remarks.push(
      bad({
        title: `the disk of the data folder takes only ${freeFiles} more files`,
        why: "Its inodes are used up. It then refuses new files as if it were full, although it shows free space.",
        fix: "Find the folder with the many small files and empty it:\n  sudo find / -xdev -printf '%h\\n' | sort | uniq -c | sort -n | tail",
      }),
    );
  }
  return remarks;
}

export function judgeFileSystem({ path, fileSystem, inContainer }: DataFolderFacts): readonly Remark[] {
  if (fileSystem === null) return [unchecked("file system of the data folder", "this system does not tell its mounts")];
  const move = "Name a folder on a disk of this machine under `server.data`, or with --data DIR.";
  switch (kindOf(fileSystem)) {
    case "memory":
      return [
        bad({
          title: "the data folder is lost at every reboot",
          why: `${path} lies in memory (${fileSystem}). Baselines, incidents, the ledger of tokens, keys and restart counters are gone when the machine restarts.`,
          fix: move,
        }),
      ];
    case "network":
      return [
        bad({
          title: `the data folder lies on a network file system (${fileSystem})`,
          why: "SQLite needs locks and shared memory that these do not keep: the database can break. And when the network goes, so does the watch, just when it is needed.",
          fix: move,
        }),
      ];
    case "overlay": {
      const words = {
        title: "the data folder lies inside the container",
        why: `${path} is part of the container's own layer (overlay). When the container is made anew, as by every upgrade, everything that Midwatch remembers is gone.`,
        fix: `Give it a volume: \`-v midwatch-data:${path}\`, or \`volumes:\` in the compose file.`,
      };
      return [inContainer ? bad(words) : worthKnowing({ ...words, title: "the data folder lies on an overlay" })];
    }
    case "fuse":
      return [
        worthKnowing({
          title: `the data folder lies on ${fileSystem}`,
          why: "A file system of a program: whether a write that was acknowledged survives a power cut, and whether locks hold, is up to that program.",
          fix: move,
        }),
      ];
    case "disk":
      return [];
  }
}

export function judgeOwner({ path, folder, uid, user }: DataFolderFacts): readonly Remark[] {
  if (folder === null) {
    return [
      worthKnowing({
        title: "Midwatch has not run here yet",
        why: `There is no data folder ${path}, so keys, database and channels in use could not be looked at.`,
        fix: "Start it: `midwatch up`. If it runs with another folder, name that with --data DIR or --config FILE.",
      }),
    ];
  }
  const remarks: Remark[] = [];
  if (folder.uid !== uid && uid > 0 && !folder.writable) {
    remarks.push(
      bad({
        title: `the data folder belongs to another user than ${user}`,
        why: `Midwatch started by ${user} can't write ${path}; and this check could read only a part of it.`,
        fix: `Start Midwatch, and this check, as the folder's owner; or hand it over: \`sudo chown -R ${user} ${path}\`.`,
      }),
    );
  } else if (!folder.writable) {
    remarks.push(
      bad({
        title: "the data folder can't be written",
        why: `${path} is read-only for ${user}. Nothing is stored, so no beat is acknowledged.`,
        fix: `  chmod u+rwx ${path}\nIf the whole disk is read-only, \`dmesg | tail\` says why: often a disk that is dying.`,
      }),
    );
  }
  if (folder.foreign.length > 0) {
    remarks.push(
      bad({
        title: "files in the data folder belong to different users",
        why: `${folder.foreign.slice(0, 4).join(", ")} ${folder.foreign.length === 1 ? "is" : "are"} not owned by the folder's owner: somebody once ran midwatch as another user (sudo?). The next start can fail for it.`,
        fix: `  sudo chown -R --reference=${path} ${path}`,
      }),
    );
  }
  if ((folder.mode & 0o022) !== 0) {
    remarks.push(
      bad({
        title: "others may write into the data folder",
        why: `Whoever can put a file into ${path} (mode ${octal(folder.mode)}) can replace the database and the keys.`,
        fix: `  chmod 700 ${path}`,
      }),
    );
  } else if ((folder.mode & 0o055) !== 0) {
    remarks.push(
      worthKnowing({
        title: "others may look into the data folder",
        why: `Its mode is ${octal(folder.mode)}. It holds the output of agents, which may hold what they were told.`,
        fix: `  chmod 700 ${path}`,
      }),
    );
  }
  return remarks;
}

const synced: readonly (readonly [RegExp, string])[] = [
  [/\/Dropbox(?: \([^/]+\))?\//, "Dropbox"],
  [/\/Library\/Mobile Documents\//, "iCloud"],
  [/\/OneDrive[^/]*\//, "OneDrive"],
  [/\/(?:Google Drive|GoogleDrive[^/]*|My Drive)\//, "Google Drive"],
  [/\/(?:Nextcloud|ownCloud)\//, "Nextcloud"],
  [/\/Syncthing\//, "Syncthing"],
];

export function judgeSync({ path }: DataFolderFacts): readonly Remark[] {
  const by = synced.find(([pattern]) => pattern.test(`${path}/`))?.[1];
  if (by === undefined) return [];
  return [
    bad({
      title: `the data folder is synchronised by ${by}`,
      why: "It copies and replaces single files of a database that is being written, which breaks it sooner or later, here or on the other machine; and it carries the admin key away.",
      fix: "Name a folder outside of it under `server.data`, or with --data DIR.",
    }),
  ];
}

function folderFacts(path: string, stats: Stats): NonNullable<DataFolderFacts["folder"]> {
  return { mode: stats.mode & 0o777, uid: stats.uid, writable: isWritable(path), foreign: foreignIn(path, stats.uid) };
}

function foreignIn(path: string, uid: number): readonly string[] {
  try {
    return readdirSync(path)
      .slice(0, 1_000)
      .filter((name) => (statSync(join(path, name), { throwIfNoEntry: false })?.uid ?? uid) !== uid);
  } catch {
    // It may not be listed, which the owner's check says already.
    return [];
  }
}

function isWritable(path: string): boolean {
  try {
    accessSync(path, constants.R_OK | constants.W_OK | constants.X_OK);
    return true;
  } catch {
    // Not for this user, which is the answer.
    return false;
  }
}

function nearestFolder(path: string): string {
  return statSync(path, { throwIfNoEntry: false }) === undefined && dirname(path) !== path
    ? nearestFolder(dirname(path))
    : path;
}

function octal(mode: number): string {
  return mode.toString(8).padStart(4, "0");
}
