import { createHash } from "node:crypto";

/**
 * Names a tool's arguments without telling them: the first 16 hex digits of the SHA-256 of their JSON with sorted keys, which is
 * how the SDKs name them, so equal arguments are equal whoever tells of them. Null for no arguments.
 */
export function digestArguments(args: unknown): string | null {
  if (args === undefined || args === null) return null;
  return createHash("sha256").update(JSON.stringify(args, sortedKeys)).digest("hex").slice(0, 16);
}

function sortedKeys(_key: string, value: unknown): unknown {
  if (typeof value !== "object" || value === null || Array.isArray(value)) return value;
  return Object.fromEntries(Object.entries(value).sort(([a], [b]) => (a < b ? -1 : 1)));
}
