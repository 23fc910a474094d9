// Reads JSON of any size byte by byte and keeps nothing but the nesting: a state file of gigabytes is checked in a few
// kilobytes of memory, and a file that was cut off is told from one that is merely wrong.
//
// It accepts what `JSON.parse` accepts, and three things more, because agents write and read them and none comes from a
// torn write: a byte order mark at the start, and the numbers NaN and ±Infinity that Python prints.

import { isUtf8 } from "node:buffer";

export type JsonFault = {
  /** `cut`: all that is there is right, and more should follow. */
  readonly kind: "cut" | "wrong";
  /** A clause about "it". */
  readonly reason: string;
};

const value = 0;
const firstItem = 1;
const firstKey = 2;
const key = 3;
const colon = 4;
const commaOrEnd = 5;
const string = 6;
const escape = 7;
const hex = 8;
const literal = 9;
const number = 10;
const done = 11;

/** Where a number may end: after a zero, a digit, a fraction's digit, an exponent's digit. */
type NumberPart = "minus" | "zero" | "digits" | "point" | "fraction" | "e" | "sign" | "exponent";
const completeParts: ReadonlySet<NumberPart> = new Set(["zero", "digits", "fraction", "exponent"]);

const deepest = 100_000;
const byteOrderMark = [0xef, 0xbb, 0xbf];
const newline = 0x0a;
const quote = 0x22;
const backslash = 0x5c;
const openBracket = 0x5b;
const openBrace = 0x7b;

/** One JSON text, fed in pieces of any size. After a fault it only swallows. */
export class JsonScanner {
  #state = value;
  #isKey = false;
  /** True for each level that is an object. */
  #levels: boolean[] = [];
  #part: NumberPart = "zero";
  #rest = "";
  #hexLeft = 0;
  #offset = 0;
  #line = 1;
  #lineStart = 0;
  #fault: string | null = null;
  #utf8 = new Utf8Watch();
  readonly #isStrict: boolean;

  /** @param strict Takes what `JSON.parse` takes and nothing more. */
  constructor({ strict = false } = {}) {
    this.#isStrict = strict;
  }

  feed(chunk: Uint8Array): void {
    if (this.#isFaulty()) return;
    if (!this.#utf8.feed(chunk)) return this.#fail("it holds bytes that are no UTF-8 text");
    for (const byte of chunk) {
      if (this.#state === string) this.#takeInString(byte);
      else if (!this.#isMark(byte)) this.#take(byte);
      if (this.#isFaulty()) return;
      this.#offset += 1;
    }
  }

  #isFaulty(): boolean {
    return this.#fault !== null;
  }

  /** The verdict on all that was fed; null when it is one whole JSON text. */
  end(): JsonFault | null {
    if (this.#fault === null && this.#state === number && completeParts.has(this.#part)) this.#closeValue();
    if (this.#fault !== null) return { kind: "wrong", reason: this.#fault };
    if (this.#state === done) return this.#utf8.isWhole ? null : { kind: "cut", reason: "it is cut off in a letter" };
    if (this.#offset === 0) return { kind: "cut", reason: "it is empty" };
    return { kind: "cut", reason: `it is cut off: it ends in the middle, in line ${this.#line}` };
  }

  #isMark(byte: number): boolean {
    return this.#offset < byteOrderMark.length && byteOrderMark[this.#offset] === byte;
  }

  #take(byte: number): void {
    switch (this.#state) {
      case escape:
        return this.#takeEscape(byte);
      case hex:
        if (!isHexDigit(byte)) return this.#unexpected(byte, "four hexadecimal digits");
        this.#hexLeft -= 1;
        if (this.#hexLeft === 0) this.#state = string;
        return;
      case literal:
        return this.#takeLiteral(byte);
      case number:
        return this.#takeNumber(byte);
      default:
        return this.#takeBetween(byte);
    }
  }

  #takeBetween(byte: number): void {
    if (byte === 0x20 || byte === 0x09 || byte === 0x0d) return;
    if (byte === newline) {
      this.#line += 1;
      this.#lineStart = this.#offset + 1;
      return;
    }
    switch (this.#state) {
      case value:
        return this.#beginValue(byte);
      case firstItem:
        return byte === 0x5d ? this.#closeLevel() : this.#beginValue(byte);
      case firstKey:
        return byte === 0x7d ? this.#closeLevel() : this.#beginKey(byte);
      case key:
        return this.#beginKey(byte);
      case colon:
        if (byte !== 0x3a) return this.#unexpected(byte, "a colon");
        this.#state = value;
        return;
      case commaOrEnd:
        return this.#takeCommaOrEnd(byte);
      default:
        return this.#unexpected(byte, "the end");
    }
  }

  #takeCommaOrEnd(byte: number): void {
    const inObject = this.#levels.at(-1) === true;
    if (byte === 0x2c) this.#state = inObject ? key : value;
    else if (byte === (inObject ? 0x7d : 0x5d)) this.#closeLevel();
    else this.#unexpected(byte, inObject ? "a comma or }" : "a comma or ]");
  }

  #beginKey(byte: number): void {
    if (byte !== quote) return this.#unexpected(byte, "a name in quotes");
    this.#isKey = true;
    this.#state = string;
  }

  #beginValue(byte: number): void {
    if (byte === quote) {
      this.#isKey = false;
      this.#state = string;
    } else if (byte === openBrace || byte === openBracket) {
      if (this.#levels.length >= deepest) return this.#fail(`it is nested deeper than ${deepest} levels`);
      this.#levels.push(byte === openBrace);
      this.#state = byte === openBrace ? firstKey : firstItem;
    } else if (byte === 0x2d || isDigit(byte)) {
      this.#part = byte === 0x2d ? "minus" : byte === 0x30 ? "zero" : "digits";
      this.#state = number;
    } else {
      const rest = (this.#isStrict ? strictLiterals : literals)[String.fromCharCode(byte)];
      if (rest === undefined) return this.#unexpected(byte, "a value");
      this.#rest = rest;
      this.#state = literal;
    }
  }

  #closeValue(): void {
    this.#state = this.#levels.length === 0 ? done : commaOrEnd;
  }

  #closeLevel(): void {
    this.#levels.pop();
    this.#closeValue();
  }

  #takeInString(byte: number): void {
    if (byte === quote) {
      if (this.#isKey) this.#state = colon;
      else this.#closeValue();
    } else if (byte === backslash) this.#state = escape;
    else if (byte < 0x20) this.#unexpected(byte, "the rest of a string");
  }

  #takeEscape(byte: number): void {
    const letter = String.fromCharCode(byte);
    if (letter === "u") {
      this.#hexLeft = 4;
      this.#state = hex;
    } else if ('"\\/bfnrt'.includes(letter)) this.#state = string;
    else this.#unexpected(byte, "an escaped letter");
  }

  #takeLiteral(byte: number): void {
    if (byte !== this.#rest.charCodeAt(0)) return this.#unexpected(byte, `"${this.#rest}"`);
    this.#rest = this.#rest.slice(1);
    if (this.#rest === "") this.#closeValue();
  }

  #takeNumber(byte: number): void {
    if (this.#part === "minus" && byte === 0x49 && !this.#isStrict) {
      this.#rest = "nfinity";
      this.#state = literal;
      return;
    }
    const next = numberParts[this.#part](byte);
    if (next !== null) {
      this.#part = next;
      return;
    }
    if (!completeParts.has(this.#part)) return this.#unexpected(byte, "a digit");
    this.#closeValue();
    this.#takeBetween(byte);
  }

  #unexpected(byte: number, expected: string): void {
    const found = byte > 0x20 && byte < 0x7f ? `"${String.fromCharCode(byte)}"` : `the byte ${byte}`;
    const column = this.#offset - this.#lineStart + 1;
    this.#fail(`it is no JSON: line ${this.#line}, byte ${column} is ${found} where ${expected} should stand`);
  }

  #fail(reason: string): void {
    this.#fault = reason;
  }
}

/** By first letter, what has to follow it. */
const strictLiterals: Readonly<Record<string, string>> = { t: "rue", f: "alse", n: "ull" };
const literals: Readonly<Record<string, string>> = { ...strictLiterals, N: "aN", I: "nfinity" };

const digitsOr = (same: NumberPart, byte: number): NumberPart | null => (isDigit(byte) ? same : null);
const isPoint = (byte: number): boolean => byte === 0x2e;
const isE = (byte: number): boolean => byte === 0x65 || byte === 0x45;
const isSign = (byte: number): boolean => byte === 0x2b || byte === 0x2d;

/** What each part of a number becomes by a byte; null when the number ends before it. */
const numberParts: Readonly<Record<NumberPart, (byte: number) => NumberPart | null>> = {
  minus: (byte) => (byte === 0x30 ? "zero" : digitsOr("digits", byte)),
  zero: (byte) => (isPoint(byte) ? "point" : isE(byte) ? "e" : null),
  digits: (byte) => (isPoint(byte) ? "point" : isE(byte) ? "e" : digitsOr("digits", byte)),
  point: (byte) => digitsOr("fraction", byte),
  fraction: (byte) => (isE(byte) ? "e" : digitsOr("fraction", byte)),
  e: (byte) => (isSign(byte) ? "sign" : digitsOr("exponent", byte)),
  sign: (byte) => digitsOr("exponent", byte),
  exponent: (byte) => digitsOr("exponent", byte),
};

function isDigit(byte: number): boolean {
  return byte >= 0x30 && byte <= 0x39;
}

function isHexDigit(byte: number): boolean {
  return isDigit(byte) || (byte >= 0x41 && byte <= 0x46) || (byte >= 0x61 && byte <= 0x66);
}

/** Whether pieces put together are UTF-8; a letter may be split between two of them. */
class Utf8Watch {
  #begun: Uint8Array = new Uint8Array(0);

  /** False when they cannot be. */
  feed(chunk: Uint8Array): boolean {
    const bytes = this.#begun.length === 0 ? chunk : Buffer.concat([this.#begun, chunk]);
    const whole = wholeLetters(bytes);
    // A copy: the piece it came in is overwritten by the next.
    this.#begun = Buffer.from(bytes.subarray(whole));
    return isUtf8(bytes.subarray(0, whole));
  }

  get isWhole(): boolean {
    return this.#begun.length === 0;
  }
}

/** How many bytes there are before a last letter that is only begun. */
function wholeLetters(bytes: Uint8Array): number {
  for (let back = 1; back <= Math.min(3, bytes.length); back += 1) {
    const byte = bytes[bytes.length - back] ?? 0;
    if (byte < 0x80) break;
    if (byte < 0xc0) continue;
    const length = byte >= 0xf0 ? 4 : byte >= 0xe0 ? 3 : 2;
    return length > back ? bytes.length - back : bytes.length;
  }
  return bytes.length;
}
