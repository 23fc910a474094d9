/** A stream cut where it is to be read. Bytes come out as they went in, whatever the boundaries were. */
export interface Piece {
  readonly bytes: Buffer;
  /** False for a part of something longer than the bound; such parts are passed on and not read. */
  readonly isWhole: boolean;
}

/** Of one event or line; answers with pictures come in events of some MiB. */
const maxPieceBytes = 8 * 2 ** 20;
const LF = 10;
const CR = 13;

/**
 * Cuts a stream of bytes into server-sent events (`event`: up to and with a blank line) or into lines (`line`). Each byte is looked at
 * once, however small the chunks are.
 */
export class Cutter {
  readonly #unit: "event" | "line";
  readonly #maxBytes: number;
  #held: Buffer[] = [];
  #heldBytes = 0;
  /** Of the line that is being read. */
  #lineBytes = 0;
  #lineBegan: number | null = null;
  #isOverlong = false;

  constructor(unit: "event" | "line", maxBytes = maxPieceBytes) {
    this.#unit = unit;
    this.#maxBytes = maxBytes;
  }

  /** What has become whole with this chunk. */
  push(chunk: Buffer): readonly Piece[] {
    const out: Piece[] = [];
    let start = 0;
    let lineStart = 0;
    for (let at = chunk.indexOf(LF); at >= 0; at = chunk.indexOf(LF, at + 1)) {
      const length = this.#lineBytes + at - lineStart;
      const first = this.#lineBegan ?? chunk[lineStart];
      this.#lineBytes = 0;
      this.#lineBegan = null;
      lineStart = at + 1;
      const isBlank = length === 0 || (length === 1 && first === CR);
      if (this.#unit === "event" && !isBlank) continue;
      this.#hold(chunk.subarray(start, at + 1));
      out.push(...this.#release(true));
      start = at + 1;
    }
    if (lineStart < chunk.length) {
      this.#lineBegan ??= chunk[lineStart] ?? null;
      this.#lineBytes += chunk.length - lineStart;
    }
    if (start < chunk.length) this.#hold(chunk.subarray(start));
    if (this.#heldBytes > this.#maxBytes) out.push(...this.#release(false));
    return out;
  }

  /** What is left when the stream ends: an event without its blank line, or nothing. */
  end(): readonly Piece[] {
    return this.#release(true);
  }

  #hold(bytes: Buffer): void {
    this.#held.push(bytes);
    this.#heldBytes += bytes.length;
  }

  #release(isEnd: boolean): readonly Piece[] {
    const bytes = this.#held.length === 1 ? this.#held[0] : Buffer.concat(this.#held);
    const isWhole = isEnd && !this.#isOverlong;
    this.#held = [];
    this.#heldBytes = 0;
    this.#isOverlong = !isEnd;
    return bytes === undefined || bytes.length === 0 ? [] : [{ bytes, isWhole }];
  }
}

/** The data of a server-sent event: its `data:` lines, joined. Null when it has none, as a comment that only keeps the line open. */
export function dataOf(event: Buffer): string | null {
  const lines = event
    .toString("utf8")
    .split(/\r\n|\n|\r/)
    .filter((line) => line.startsWith("data:"))
    .map((line) => line.slice(line[5] === " " ? 6 : 5));
  return lines.length === 0 ? null : lines.join("\n");
}
