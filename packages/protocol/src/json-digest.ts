import { createHash } from "node:crypto";

/**
 * The first 16 hex digits of the SHA-256 of JSON with sorted keys: what the SDKs make of a tool's arguments, so that a call is the
 * same whoever tells of it: a beat, the meter, telemetry. Null for nothing, and for what JSON cannot hold.
 */
export function jsonDigest(value: unknown): string | null {
  if (value === undefined || value === null) return null;
  try {
    const text = JSON.stringify(value, sortedKeys) as string | undefined;
    return text === undefined ? null : createHash("sha256").update(text).digest("hex").slice(0, 16);
  } catch {
    // Nested too deeply.
    return null;
  }
}

/** The same for arguments that came as a text, which may not be JSON: then the text itself is what they were. */
export function jsonTextDigest(text: string): string | null {
  if (text.trim() === "") return null;
  try {
    return jsonDigest(JSON.parse(text));
  } catch {
    return jsonDigest(text);
  }
}

function sortedKeys(_key: string, value: unknown): unknown {
  if (typeof value !== "object" || value === null || Array.isArray(value)) return value;
  return Object.fromEntries(Object.entries(value).sort(([a], [b]) => (a < b ? -1 : 1)));
}
