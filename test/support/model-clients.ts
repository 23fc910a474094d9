import { existsSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";

/** Where the real clients of models are, with their own install: `test/clients`. */
export const clientsFolder = fileURLToPath(new URL("../clients/", import.meta.url));

export const clientsPython = join(clientsFolder, ".venv", "bin", "python");

/** Why the Node clients can't be run here, with what to do; false when they can. */
export function withoutNodeClients(): string | false {
  if (existsSync(join(clientsFolder, "node_modules", "openai"))) return false;
  return loudly("the real clients for Node are not installed; run: npm ci --prefix test/clients");
}

/** The same for Python. */
export function withoutPythonClients(): string | false {
  if (existsSync(clientsPython)) return false;
  const install = "test/clients/.venv/bin/pip install -r test/clients/requirements.txt";
  return loudly(`the real clients for Python are not installed; run: python3 -m venv test/clients/.venv && ${install}`);
}

function loudly(why: string): string {
  process.stderr.write(`SKIPPED: ${why}\n`);
  return why;
}
