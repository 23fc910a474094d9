/** Longest line, and longest event of several lines, in letters. Past it a line is left out, whatever follows is read again. */
const MAX_LINE = 8 * 1024 * 1024;

/** Cuts a text that comes in pieces into lines. A lone CR ends none: no provider sends one. */
export class Lines {
  readonly #onLine: (line: string) => void;
  #rest: string[] = [];
  #length = 0;

  constructor(onLine: (line: string) => void) {
    this.#onLine = onLine;
  }

  feed(text: string): void {
    let from = 0;
    for (let end = text.indexOf("\n"); end >= 0; end = text.indexOf("\n", from)) {
      this.#keep(text.slice(from, end));
      this.#emit();
      from = end + 1;
    }
    this.#keep(text.slice(from));
  }

  /** The text is over; what came after the last line end is a line too. */
  end(): void {
    if (this.#length > 0) this.#emit();
  }

  #keep(piece: string): void {
    this.#length += piece.length;
    if (this.#length <= MAX_LINE) this.#rest.push(piece);
    else this.#rest = [];
  }

  #emit(): void {
    const line = this.#rest.join("");
    const isWhole = this.#length <= MAX_LINE;
    this.#rest = [];
    this.#length = 0;
    if (isWhole) this.#onLine(line.endsWith("\r") ? line.slice(0, -1) : line);
  }
}

/** Puts the `data` of server-sent events together; their names are repeated inside the data by all who name them. */
export class Events {
  readonly #onData: (data: string) => void;
  #data: string[] = [];
  #length = 0;

  constructor(onData: (data: string) => void) {
    this.#onData = onData;
  }

  line(line: string): void {
    if (line === "") this.end();
    if (!line.startsWith("data:")) return;
    const data = line.slice(line.startsWith("data: ") ? 6 : 5);
    this.#length += data.length;
    if (this.#length <= MAX_LINE) this.#data.push(data);
  }

  /** The stream is over; an event that no empty line has closed was all the same sent. */
  end(): void {
    const data = this.#data.join("\n");
    const isWhole = this.#length <= MAX_LINE;
    this.#data = [];
    this.#length = 0;
    if (isWhole && data !== "") this.#onData(data);
  }
}
