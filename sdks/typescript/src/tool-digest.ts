import { createHash } from "node:crypto";

/**
 * Names a tool's arguments without telling them: the first 16 hex digits of the SHA-256 of their JSON with sorted keys. Null for
 * no arguments, and for arguments that JSON cannot hold (a cycle, a bigint): a call without a digest is still a call.
 */
export function argsHash(args: unknown): string | null {
  if (args === undefined || args === null) return null;
  try {
    const text = JSON.stringify(args, sortedKeys) as string | undefined;
    return text === undefined ? null : createHash("sha256").update(text).digest("hex").slice(0, 16);
  } catch {
    // Not JSON; see above.
    return null;
  }
}

function sortedKeys(_key: string, value: unknown): unknown {
  if (typeof value !== "object" || value === null || Array.isArray(value)) return value;
  return Object.fromEntries(Object.entries(value).sort(([a], [b]) => (a < b ? -1 : 1)));
}
