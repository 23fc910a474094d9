// A unit's environment is systemd's to give, so what a run is told is written where the unit can read it: with
// `EnvironmentFile=-FOLDER/UNIT.env` in its file. It is read anew at every start, also at those by systemd itself.

import { join } from "node:path";
import { makeFolder, replaceFile } from "../durable-file.ts";

export function environmentFileOf(folder: string, unit: string): string {
  return join(folder, `${unit}.env`);
}

/** Writes the `MIDWATCH_…` ones, for the owner's eyes only (mode 0600). Rejects with the system's error. */
export async function writeEnvironmentFile(path: string, environment: Readonly<Record<string, string>>): Promise<void> {
  const lines = Object.entries(environment)
    .filter(([name]) => /^MIDWATCH_[A-Z0-9_]*$/.test(name))
    .map(([name, value]) => `${name}=${quote(value)}\n`);
  await makeFolder(join(path, ".."));
  await replaceFile(path, `# Written by Midwatch before each start; changes are lost.\n${lines.join("")}`);
}

/**
 * Inside double quotes systemd takes everything as it is, line ends too, except for a backslash before one of `"\$` and
 * the backquote. It drops a whole variable for a control character, so these become spaces.
 */
function quote(value: string): string {
  const plain = value.toWellFormed().replaceAll(/[\u0000-\u0008\u000b-\u001f\u007f]/g, " ");
  return `"${plain.replaceAll(/["\\$`]/g, "\\$&")}"`;
}
