import { open, stat } from "node:fs/promises";
import { lastLinesOf } from "../process/output-log.ts";

const tailBytes = 64 * 1024;

/**
 * The last lines of the files that a job prints to, oldest first. Of two files, the one that was written to last comes last;
 * how their lines lay between each other is not known.
 */
export async function lastLinesOfFiles(paths: readonly string[], limit: number): Promise<readonly string[]> {
  const tails = await Promise.all([...new Set(paths)].map(tailOf));
  const told = tails
    .filter((tail) => tail !== null)
    .toSorted((a, b) => a.writtenAt - b.writtenAt)
    .map(({ text }) => lastLinesOf(text, limit))
    .filter((lines) => lines.length > 0);
  // The newest file has the last word; what it leaves of the limit is for the other, which gets a third in any case.
  const [other = [], newest = []] = told.length < 2 ? [[], ...told] : told;
  const ofOther = Math.min(other.length, Math.max(Math.floor(limit / 3), limit - newest.length));
  return [...other.slice(other.length - ofOther), ...newest.slice(-(limit - ofOther))];
}

async function tailOf(path: string): Promise<{ readonly writtenAt: number; readonly text: string } | null> {
  try {
    const facts = await stat(path);
    // A pipe or a terminal would be waited for, and /dev/null has nothing to say.
    if (!facts.isFile()) return null;
    const file = await open(path, "r");
    try {
      const start = Math.max(0, facts.size - tailBytes);
      const bytes = Buffer.alloc(Math.min(facts.size, tailBytes));
      const { bytesRead } = await file.read(bytes, 0, bytes.length, start);
      return { writtenAt: facts.mtimeMs, text: bytes.toString("utf8", 0, bytesRead) };
    } finally {
      await file.close();
    }
  } catch {
    // Not there, or another user's: no lines to be had.
    return null;
  }
}
