import { Assembly } from "./assembly.ts";
import { Events, Lines } from "./lines.ts";

export type Format = "json" | "sse" | "ndjson";

/** Of an answer in one piece so much is kept to be read. A longer one passes, and is not counted. */
const MAX_ANSWER = 8 * 1024 * 1024;

/** How an answer of this content type is read; null for what tells no usage: pictures, sound, pages for people. */
export function formatOf(contentType: string | null): Format | null {
  const type = (contentType ?? "").split(";")[0]?.trim().toLowerCase() ?? "";
  if (type === "text/event-stream") return "sse";
  if (/^application\/(?:x-)?(?:ndjson|jsonl|json-lines)$/u.test(type)) return "ndjson";
  return type === "application/json" || /^application\/[\w.-]+\+json$/u.test(type) ? "json" : null;
}

/** Reads an answer along as its bytes pass, however they are cut. */
export class AnswerReader {
  readonly assembly = new Assembly();
  /** The answer was longer than what is kept of one. */
  isTooLong = false;
  readonly #format: Format;
  readonly #decoder = new TextDecoder();
  readonly #events = new Events((data) => this.#data(data));
  readonly #lines: Lines;
  #text: string[] = [];
  #length = 0;

  constructor(format: Format) {
    this.#format = format;
    this.#lines = new Lines(
      format === "sse" ? (line) => this.#events.line(line) : (line) => this.assembly.take(parsed(line)),
    );
  }

  feed(bytes: Uint8Array): void {
    this.#keep(this.#decoder.decode(bytes, { stream: true }));
  }

  /** Nothing will follow: the answer is whole, or broke off. */
  end(): void {
    this.#keep(this.#decoder.decode());
    if (this.#format === "json") this.#whole();
    this.#lines.end();
    this.#events.end();
  }

  #keep(text: string): void {
    if (this.#format !== "json") {
      this.#lines.feed(text);
      return;
    }
    this.#length += text.length;
    this.isTooLong = this.#length > MAX_ANSWER;
    if (this.isTooLong) this.#text = [];
    else this.#text.push(text);
  }

  /** Gemini streams as one list of pieces to who does not ask for events. */
  #whole(): void {
    const answer = parsed(this.#text.join(""));
    this.#text = [];
    for (const piece of Array.isArray(answer) ? (answer as unknown[]) : [answer]) this.assembly.take(piece);
  }

  #data(data: string): void {
    if (data === "[DONE]") this.assembly.done();
    else this.assembly.take(parsed(data));
  }
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text) as unknown;
  } catch {
    // Not JSON, or only the first half of it: it tells nothing.
    return null;
  }
}
