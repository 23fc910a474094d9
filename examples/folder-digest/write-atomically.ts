import { closeSync, fsyncSync, mkdirSync, openSync, renameSync, writeSync } from "node:fs";
import { dirname } from "node:path";

/** Whoever reads the file sees the old content or the new one, never half of it, whenever the process or the machine dies. */
export function writeAtomically(file: string, text: string): void {
  mkdirSync(dirname(file), { recursive: true });
  // The same name each time, so that a killed process leaves at most one such file behind.
  const draft = `${file}.draft`;
  const descriptor = openSync(draft, "w");
  try {
    writeSync(descriptor, text);
    fsyncSync(descriptor);
  } finally {
    closeSync(descriptor);
  }
  renameSync(draft, file);
}
