import { lstat, readlink, realpath } from "node:fs/promises";
import { dirname, resolve } from "node:path";
import { systemCode } from "../failure.ts";

const mostLinks = 40;

/**
 * Where a declared path really leads: symbolic links are followed, also one that leads to nothing yet, so that what is moved
 * and put in place is the file and never the link. Rejects with the system's error (`ELOOP`, `EACCES`, …).
 */
export async function placeOf(path: string): Promise<string> {
  let place = path;
  for (let links = 0; links < mostLinks; links += 1) {
    try {
      return await realpath(place);
    } catch (error) {
      if (systemCode(error) !== "ENOENT") throw error;
    }
    const link = await linkAt(place);
    if (link === null) return place;
    place = resolve(dirname(place), link);
  }
  return place;
}

async function linkAt(path: string): Promise<string | null> {
  try {
    return (await lstat(path)).isSymbolicLink() ? await readlink(path) : null;
  } catch (error) {
    if (systemCode(error) === "ENOENT") return null;
    throw error;
  }
}
