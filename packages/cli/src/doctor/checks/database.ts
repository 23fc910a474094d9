import { statfsSync, statSync } from "node:fs";
import { join } from "node:path";
import { check } from "../check.ts";
import { quickCheck, type Wholeness } from "../probes/quick-check.ts";
import { bad, seen, unchecked, worthKnowing, type Remark } from "../remark.ts";
import { spellBytes } from "../spell-bytes.ts";

/** Null: there is none yet. */
export type DatabaseFacts = {
  readonly file: string;
  readonly bytes: number;
  readonly logBytes: number;
  readonly freeBytes: number;
  readonly wholeness: Wholeness;
} | null;

/** The server folds its log into the database every 32 MB, and cuts the file down to 64 MB. */
const unusualLogBytes = 256 * 2 ** 20;

export const database = check<DatabaseFacts>({
  name: "database",
  probe: async ({ config }) => {
    const { dataDir } = config.server;
    const file = join(dataDir, "midwatch.db");
    const stats = statSync(file, { throwIfNoEntry: false });
    if (stats === undefined) return null;
    const disk = statfsSync(dataDir);
    return {
      file,
      bytes: stats.size,
      logBytes: statSync(`${file}-wal`, { throwIfNoEntry: false })?.size ?? 0,
      freeBytes: disk.bavail * disk.bsize,
      wholeness: await quickCheck(file),
    };
  },
  judge: judgeDatabase,
});

export function judgeDatabase(facts: DatabaseFacts): readonly Remark[] {
  if (facts === null) return [unchecked("database", "there is none yet")];
  const { file, bytes, logBytes, freeBytes, wholeness } = facts;
  const remarks: Remark[] = [seen(spellBytes(bytes))];
  if (wholeness.state === "broken") {
    remarks.push(
      bad({
        title: "the database is damaged",
        why: `SQLite says: ${wholeness.words}. What was written there is partly lost, and the server may stop at any time.`,
        fix: `Stop Midwatch, keep a copy, then save what can be read:\n  sqlite3 ${file} ".recover" | sqlite3 recovered.db\nor put your last backup in its place. A disk that did this once does it again: \`dmesg | tail\`.`,
      }),
    );
  }
  if (wholeness.state === "unknown") {
    remarks.push(unchecked(`whether the database is whole (${spellBytes(bytes)})`, wholeness.because));
  }
  if (logBytes > unusualLogBytes) {
    remarks.push(
      worthKnowing({
        title: `the database's log has grown to ${spellBytes(logBytes)}`,
        why: "It is folded into the database every few thousand beats, unless some other program keeps a read open, a backup or a shell for instance. It grows until the disk is full.",
        fix: `See who has it open, and close that:\n  fuser -v ${file}`,
      }),
    );
  }
  if (freeBytes < bytes) {
    remarks.push(
      worthKnowing({
        title: `the database (${spellBytes(bytes)}) is larger than what is free (${spellBytes(freeBytes)})`,
        why: "A backup beside it, and the migration of an upgrade, may need as much room again.",
        fix: "Free some space before the next upgrade, and write backups to another disk.",
      }),
    );
  }
  return remarks;
}
