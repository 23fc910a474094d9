// Property lists, as far as jobs use them. XML is read here; the binary form is turned into XML by `plutil`, which every Mac
// has. Nothing is looked up outside the file: entities are the five of XML and numbers.

import { execFile } from "node:child_process";
import { readFile, stat } from "node:fs/promises";
import { promisify } from "node:util";

export type PlistValue = string | number | boolean | readonly PlistValue[] | { readonly [key: string]: PlistValue };

export type PlistDict = Readonly<Record<string, PlistValue>>;

const maxBytes = 1024 * 1024;
const plutilLimitMs = 4_000;

/** The dictionary that a file holds; null when it cannot be read or holds none. */
export async function readPlist(path: string, plutil: readonly string[] = ["plutil"]): Promise<PlistDict | null> {
  try {
    const facts = await stat(path);
    if (!facts.isFile() || facts.size > maxBytes) return null;
    const text = await readFile(path, "latin1");
    const xml = text.startsWith("bplist") ? await asXml(path, plutil) : Buffer.from(text, "latin1").toString("utf8");
    const value = parsePlist(xml);
    return isDict(value) ? value : null;
  } catch {
    // Not there, not readable, or no property list: in each case there is nothing in it to go by.
    return null;
  }
}

async function asXml(path: string, [program = "plutil", ...before]: readonly string[]): Promise<string> {
  const options = { timeout: plutilLimitMs, maxBuffer: 8 * maxBytes, encoding: "utf8" } as const;
  const { stdout } = await promisify(execFile)(program, [...before, "-convert", "xml1", "-o", "-", path], options);
  return stdout;
}

export function isDict(value: PlistValue | undefined | null): value is PlistDict {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

interface Tag {
  readonly name: string;
  readonly isOpen: boolean;
  readonly isEmpty: boolean;
  /** What stands between this tag and the next. */
  readonly text: string;
}

/** Null for what is no property list. */
export function parsePlist(xml: string): PlistValue | null {
  const tags = tagsOf(xml);
  const root = tags.findIndex(({ name, isOpen }) => name === "plist" && isOpen);
  if (root < 0) return null;
  const reader = new TagReader(tags, root + 1);
  return reader.value();
}

function tagsOf(xml: string): readonly Tag[] {
  const plain = xml.replaceAll(/<!--[\s\S]*?-->|<\?[\s\S]*?\?>|<!DOCTYPE[^>]*>/g, "");
  return [...plain.matchAll(/<(\/?)([A-Za-z]+)[^>]*?(\/?)>([^<]*)/g)].map(([, slash, name = "", empty, text = ""]) => ({
    name,
    isOpen: slash === "",
    isEmpty: empty === "/",
    text,
  }));
}

/** Deeper than any job; a file that is deeper is somebody's joke. */
const deepest = 50;

class TagReader {
  readonly #tags: readonly Tag[];
  #at: number;
  #depth = 0;

  constructor(tags: readonly Tag[], at: number) {
    this.#tags = tags;
    this.#at = at;
  }

  value(): PlistValue | null {
    const tag = this.#tags[this.#at++];
    if (tag === undefined || !tag.isOpen || this.#depth > deepest) return null;
    if (tag.name === "true" || tag.name === "false") {
      if (!tag.isEmpty) this.#at++;
      return tag.name === "true";
    }
    if (tag.isEmpty) return emptyOf(tag.name);
    this.#depth++;
    const value = tag.name === "dict" ? this.#dict() : tag.name === "array" ? this.#array() : leaf(tag);
    this.#depth--;
    // The closing tag.
    this.#at++;
    return value;
  }

  get #isAtEnd(): boolean {
    return this.#tags[this.#at]?.isOpen !== true;
  }

  #dict(): PlistDict | null {
    const entries: [string, PlistValue][] = [];
    while (!this.#isAtEnd) {
      const key = this.value();
      const value = this.value();
      if (typeof key !== "string" || value === null) return null;
      entries.push([key, value]);
    }
    return Object.fromEntries(entries);
  }

  #array(): readonly PlistValue[] | null {
    const items: PlistValue[] = [];
    while (!this.#isAtEnd) {
      const item = this.value();
      if (item === null) return null;
      items.push(item);
    }
    return items;
  }
}

function emptyOf(name: string): PlistValue {
  if (name === "dict") return {};
  return name === "array" ? [] : "";
}

function leaf({ name, text }: Tag): PlistValue {
  return name === "integer" || name === "real" ? Number(text) : unescape(text);
}

const entities: Readonly<Record<string, string>> = { amp: "&", lt: "<", gt: ">", quot: '"', apos: "'" };

function unescape(text: string): string {
  return text.replaceAll(
    /&(?:#x([0-9a-f]{1,6})|#(\d{1,7})|(\w+));/gi,
    (all, hex?: string, decimal?: string, name = "") => {
      const code = hex === undefined ? Number(decimal) : parseInt(hex, 16);
      if (Number.isInteger(code)) return code <= 0x10ffff ? String.fromCodePoint(code) : all;
      return entities[String(name)] ?? all;
    },
  );
}
