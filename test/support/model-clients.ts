import { existsSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";

/** Where the real clients of models are, with their own install: `test/clients`. */
export const clientsFolder = fileURLToPath(new URL("../clients/", import.meta.url));

export const clientsPython = join(clientsFolder, ".venv", "bin", "python");

/** Why the Node clients can't be run here, with what to do; false when they can. */
export function withoutNodeClients(): string | false {
  return existsSync(join(clientsFolder, "node_modules", "openai")) ? false : loudly("Node");
}

/** The same for Python. */
export function withoutPythonClients(): string | false {
  return existsSync(clientsPython) ? false : loudly("Python");
}

function loudly(language: string): string {
  const why = `the real clients of models for ${language} are not installed; run: bash test/install-clients`;
  process.stderr.write(`SKIPPED: ${why}\n`);
  return why;
}
