import { open } from "node:fs/promises";
import type { GateWorld } from "./gate-world.ts";
import { keepAside } from "./quarantine.ts";
import type { TornFile } from "./standing.ts";

/** Takes the torn ends off, each once it is safe elsewhere; resolves to a note for each. Rejects with the system's error. */
export async function cutTornTails(world: GateWorld, torn: readonly TornFile[]): Promise<readonly string[]> {
  const notes: string[] = [];
  for (const { path, place, goodBytes, tornBytes } of torn) {
    const reason = "a torn last line was cut off";
    const aside = await keepAside({ root: world.quarantine, at: world.now(), reason, place, start: goodBytes });
    const file = await open(place, "r+");
    try {
      await file.truncate(goodBytes);
      await file.sync();
    } finally {
      await file.close();
    }
    notes.push(`the torn last line of ${world.nameOf(path)} was cut off (${tornBytes} bytes, kept as ${aside})`);
  }
  return notes;
}
