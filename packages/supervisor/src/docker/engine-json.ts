// Reads values out of the daemon's answers. Fields come and go with its versions, so what is missing is null and no fault.

export type JsonRecord = Readonly<Record<string, unknown>>;

export function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    // Some proxy's page or a torn line: nothing the daemon said.
    return null;
  }
}

function isRecord(value: unknown): value is JsonRecord {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

/** The object at a path of keys; an empty one when there is none. */
export function recordAt(value: unknown, ...keys: readonly string[]): JsonRecord {
  let found: unknown = value;
  for (const key of keys) found = isRecord(found) ? found[key] : null;
  return isRecord(found) ? found : {};
}

export function textAt(record: JsonRecord, key: string): string | null {
  const value = record[key];
  return typeof value === "string" ? value : null;
}

export function numberAt(record: JsonRecord, key: string): number | null {
  const value = record[key];
  return typeof value === "number" ? value : null;
}

export function isTrueAt(record: JsonRecord, key: string): boolean {
  return record[key] === true;
}

export function listAt(record: JsonRecord, key: string): readonly unknown[] {
  const value = record[key];
  return Array.isArray(value) ? value : [];
}

/** The daemon's own words for a call that failed. */
export function messageOf(text: string): string {
  return textAt(recordAt(parseJson(text)), "message") ?? text.slice(0, 300);
}
