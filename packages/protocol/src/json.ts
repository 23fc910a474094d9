/**
 * JSON, strictly.
 *
 * `JSON.parse` is fast and forgiving: of two equal keys the last wins silently, `1e999` becomes Infinity, and bad UTF-8 has been
 * patched over before it even starts. For a beat each of these is a lie about tokens, so they are refused here.
 *
 * Looking for equal keys need not slow the way of every beat. One pass over the bytes, outside strings, counts colons and depth; a walk over
 * the parsed value counts keys. The two counts differ exactly when some key came twice, and only then does a slower search find out which.
 */

import { isUtf8 } from "node:buffer";

export type JsonErrorCode = "invalid_utf8" | "invalid_json" | "too_deep" | "duplicate_key" | "number_too_large";

export type ParsedJson =
  | { readonly ok: true; readonly value: unknown }
  | { readonly ok: false; readonly code: JsonErrorCode; readonly message: string; readonly path?: string };

/** Objects and arrays inside each other: enough for anything on the wire, and a walk never meets the end of the stack. */
export const JSON_LIMITS = { maxDepth: 32 } as const;

/** Parses bytes as JSON; never throws. `path` is given where the fault has a place: `usage[0].model`. */
export function parseJson(bytes: Uint8Array): ParsedJson {
  if (!isUtf8(bytes)) return { ok: false, code: "invalid_utf8", message: "the body is not valid UTF-8" };
  const shape = scan(bytes);
  if (shape.depth > JSON_LIMITS.maxDepth) {
    const message = `objects and arrays are nested more than ${JSON_LIMITS.maxDepth} deep`;
    return { ok: false, code: "too_deep", message };
  }
  const text = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString("utf8");
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch (error) {
    const detail = error instanceof Error ? error.message : String(error);
    return { ok: false, code: "invalid_json", message: `the body is not JSON: ${detail}` };
  }
  const walked = { keys: 0, finite: true };
  walk(value, walked);
  if (!walked.finite) {
    const path = infinitePath(value) ?? "";
    return { ok: false, code: "number_too_large", message: `the number at ${shown(path)} is too large`, path };
  }
  if (walked.keys !== shape.colons) {
    const path = new DuplicateSearch(text).find();
    return { ok: false, code: "duplicate_key", message: `the key ${shown(path)} comes twice in one object`, path };
  }
  return { ok: true, value };
}

const QUOTE = 0x22;
const BACKSLASH = 0x5c;
const COLON = 0x3a;

/** Colons and depth outside strings. Means something only for bytes that turn out to be JSON, except that depth is never too low for those. */
function scan(bytes: Uint8Array): { colons: number; depth: number } {
  let colons = 0;
  let depth = 0;
  let deepest = 0;
  const end = bytes.length;
  for (let i = 0; i < end; i++) {
    const byte = bytes[i];
    if (byte === QUOTE) {
      i++;
      while (i < end && bytes[i] !== QUOTE) i += bytes[i] === BACKSLASH ? 2 : 1;
    } else if (byte === COLON) colons++;
    // `[` and `{`, `]` and `}` differ in one bit.
    else if (byte === 0x5b || byte === 0x7b) {
      if (++depth > deepest) deepest = depth;
    } else if (byte === 0x5d || byte === 0x7d) depth--;
  }
  return { colons, depth: deepest };
}

function walk(value: unknown, walked: { keys: number; finite: boolean }): void {
  if (typeof value === "number") {
    if (!Number.isFinite(value)) walked.finite = false;
  } else if (Array.isArray(value)) {
    for (const item of value) walk(item, walked);
  } else if (typeof value === "object" && value !== null) {
    for (const key in value) {
      walked.keys++;
      walk((value as Record<string, unknown>)[key], walked);
    }
  }
}

function infinitePath(value: unknown): string | null {
  if (typeof value === "number") return Number.isFinite(value) ? null : "";
  if (typeof value !== "object" || value === null) return null;
  for (const [key, inner] of Object.entries(value)) {
    const found = infinitePath(inner);
    if (found !== null) return joined(Array.isArray(value) ? `[${key}]` : key, found);
  }
  return null;
}

/** Walks over text that is known to be JSON and to hold a key twice; the only place that cares for speed least. */
class DuplicateSearch {
  readonly #text: string;
  #at = 0;

  constructor(text: string) {
    this.#text = text;
  }

  find(): string {
    return this.#value() ?? "";
  }

  #value(): string | null {
    this.#space();
    const char = this.#text[this.#at];
    if (char === "{") return this.#object();
    if (char === "[") return this.#array();
    if (char === '"') this.#string();
    else while (this.#at < this.#text.length && !/[,\]}\s]/u.test(this.#text.charAt(this.#at))) this.#at++;
    return null;
  }

  #object(): string | null {
    const seen = new Set<unknown>();
    this.#at++;
    for (;;) {
      this.#space();
      if (this.#text[this.#at] === "}") break;
      const key = this.#string();
      if (seen.has(key)) return key;
      seen.add(key);
      this.#space();
      this.#at++; // the colon
      const inner = this.#value();
      if (inner !== null) return joined(key, inner);
      this.#space();
      if (this.#text[this.#at] === ",") this.#at++;
    }
    this.#at++;
    return null;
  }

  #array(): string | null {
    this.#at++;
    for (let index = 0; ; index++) {
      this.#space();
      if (this.#text[this.#at] === "]") break;
      const inner = this.#value();
      if (inner !== null) return joined(`[${index}]`, inner);
      this.#space();
      if (this.#text[this.#at] === ",") this.#at++;
    }
    this.#at++;
    return null;
  }

  /** The string that starts here, unescaped: `"a"` and `"\u0061"` are one key. */
  #string(): string {
    const start = this.#at++;
    while (this.#text[this.#at] !== '"') this.#at += this.#text[this.#at] === "\\" ? 2 : 1;
    return String(JSON.parse(this.#text.slice(start, ++this.#at)));
  }

  #space(): void {
    while (/\s/u.test(this.#text.charAt(this.#at))) this.#at++;
  }
}

function joined(outer: string, inner: string): string {
  if (inner === "") return outer;
  return inner.startsWith("[") ? outer + inner : `${outer}.${inner}`;
}

/** A path in a message: bounded, because the sender chose its words. */
function shown(path: string): string {
  return path === "" ? "the top" : path.length > 200 ? `${path.slice(0, 200)}…` : path;
}
