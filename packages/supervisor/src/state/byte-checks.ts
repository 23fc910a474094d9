// The built-in checks that read a file from its first byte to its last: each is fed the file in pieces and says at the end
// what to make of it. They run over a file in its place and over the bytes of a copy alike.

import { createHash } from "node:crypto";
import { JsonScanner } from "./json-scanner.ts";

export type Verdict =
  | { readonly is: "good" }
  /** Good up to here; what follows is a line that was being appended. */
  | { readonly is: "torn"; readonly goodBytes: number; readonly tornBytes: number }
  /** `reason` is a clause about "it". */
  | { readonly is: "bad"; readonly reason: string }
  /** Could not be checked, which is not a pass. */
  | { readonly is: "unsure"; readonly reason: string };

export interface ByteCheck {
  feed(chunk: Buffer): void;
  end(): Verdict;
}

const good: Verdict = { is: "good" };
const newline = 0x0a;

export function noCheck(): ByteCheck {
  return { feed: () => undefined, end: () => good };
}

export function jsonCheck(how: { readonly strict?: boolean } = {}): ByteCheck {
  const scanner = new JsonScanner(how);
  return {
    feed: (chunk) => scanner.feed(chunk),
    end: () => {
      const fault = scanner.end();
      return fault === null ? good : { is: "bad", reason: fault.reason };
    },
  };
}

/**
 * JSON Lines. A last line without its newline that is no JSON is a torn append. Without its newline but whole it is taken as
 * it is: many programs write no last newline. Blank lines are let pass.
 */
export function jsonLinesCheck(): ByteCheck {
  let scanner = new JsonScanner();
  let isBlank = true;
  let line = 1;
  let offset = 0;
  let goodBytes = 0;
  let bad: string | null = null;
  const feedLine = (piece: Buffer): void => {
    isBlank &&= piece.every((byte) => byte === 0x20 || byte === 0x09 || byte === 0x0d);
    scanner.feed(piece);
    offset += piece.length;
  };
  const endLine = (): void => {
    const fault = isBlank ? null : scanner.end();
    if (fault !== null) bad = `its line ${line} is no JSON`;
    scanner = new JsonScanner();
    isBlank = true;
    line += 1;
    offset += 1;
    goodBytes = offset;
  };
  return {
    feed(chunk) {
      let from = 0;
      while (bad === null) {
        const end = chunk.indexOf(newline, from);
        feedLine(chunk.subarray(from, end < 0 ? undefined : end));
        if (end < 0) return;
        endLine();
        from = end + 1;
      }
    },
    end() {
      if (bad !== null) return { is: "bad", reason: bad };
      if (isBlank || scanner.end() === null) return good;
      return { is: "torn", goodBytes, tornBytes: offset - goodBytes };
    },
  };
}

/** More than any header; whatever has no newline before this is no envelope. */
const longestHeader = 4_096;

interface EnvelopeHeader {
  readonly bytes: number;
  readonly sha256: string;
}

/**
 * The state files of the SDKs: a line that says what follows, exactly that, and a newline. A file that is JSON without such
 * a first line was written before its agent used them, and is good; the SDKs read no other numbers than JSON has.
 */
export function envelopeCheck(): ByteCheck {
  let head = Buffer.alloc(0);
  let body: ByteCheck | null = null;
  const open = (): ByteCheck => {
    const end = head.indexOf(newline);
    const begun = payloadCheck(head.subarray(0, end < 0 ? undefined : end), end >= 0);
    const opened = begun ?? jsonCheck({ strict: true });
    opened.feed(begun && end >= 0 ? head.subarray(end + 1) : begun ? Buffer.alloc(0) : head);
    return opened;
  };
  return {
    feed(chunk) {
      if (body !== null) {
        body.feed(chunk);
        return;
      }
      head = Buffer.concat([head, chunk]);
      if (head.includes(newline) || head.length > longestHeader) body = open();
    },
    end: () => (body ?? open()).end(),
  };
}

/** For a first line that is a header, whatever its worth; null when it is none. */
function payloadCheck(line: Buffer, isWhole: boolean): ByteCheck | null {
  const fields = fieldsOf(line);
  if (fields === null || !Object.hasOwn(fields, "midwatch_state")) return null;
  const { midwatch_state: version } = fields;
  if (Number.isSafeInteger(version) && Number(version) > 1) {
    return always({ is: "unsure", reason: `its format ${String(version)} is newer than this Midwatch knows` });
  }
  const header = isWhole ? headerOf(line, fields) : null;
  return header === null ? always({ is: "bad", reason: "its header is damaged" }) : sealedCheck(header);
}

function always(verdict: Verdict): ByteCheck {
  return { feed: () => undefined, end: () => verdict };
}

function sealedCheck({ bytes, sha256 }: EnvelopeHeader): ByteCheck {
  const hash = createHash("sha256");
  let length = 0;
  let last = 0;
  return {
    feed(chunk) {
      if (length < bytes) hash.update(chunk.subarray(0, bytes - length));
      length += chunk.length;
      last = chunk.at(-1) ?? last;
    },
    end() {
      if (length <= bytes) return { is: "bad", reason: `it is cut off: ${length} of ${bytes + 1} bytes are left` };
      if (length !== bytes + 1 || last !== newline) return { is: "bad", reason: "its end is damaged" };
      return hash.digest("hex") === sha256 ? good : { is: "bad", reason: "its checksum does not match" };
    },
  };
}

function fieldsOf(line: Buffer): Readonly<Record<string, unknown>> | null {
  if (line.length > longestHeader) return null;
  try {
    const value: unknown = JSON.parse(line.toString());
    return typeof value === "object" && value !== null ? (value as Record<string, unknown>) : null;
  } catch {
    // Not JSON, so no header.
    return null;
  }
}

/** Its own check, when it has one, covers everything that stands before it. */
function headerOf(line: Buffer, fields: Readonly<Record<string, unknown>>): EnvelopeHeader | null {
  const { midwatch_state: version, bytes, sha256, check } = fields;
  if (version !== 1 || !Number.isSafeInteger(bytes) || typeof sha256 !== "string") return null;
  if (check !== undefined) {
    const [, covered = ""] = /^(.*),"check":"[0-9a-f]{16}"\}$/su.exec(line.toString()) ?? [];
    if (createHash("sha256").update(covered).digest("hex").slice(0, 16) !== check) return null;
  }
  return { bytes: Number(bytes), sha256 };
}
