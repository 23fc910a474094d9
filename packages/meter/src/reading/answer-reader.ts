// The copy of an answer: decompressed, cut into events, lines or kept whole, and read into a tally. Whatever happens here, the answer
// itself goes on to the client; the worst that can happen is that a call is counted by a guess.

import { createBrotliDecompress, createGunzip, createInflate, createZstdDecompress } from "node:zlib";
import type { Transform } from "node:stream";
import type { Api } from "../providers/endpoint.ts";
import { isObject, listIn, parsed, type JsonObject } from "./json.ts";
import { Cutter, dataOf, type Piece } from "./pieces.ts";
import { readChat } from "./read-chat.ts";
import { readGemini } from "./read-gemini.ts";
import { messagesReader } from "./read-messages.ts";
import { readOllama } from "./read-ollama.ts";
import { readResponses } from "./read-responses.ts";
import type { Tally } from "./tally.ts";

type Read = (part: JsonObject, tally: Tally) => void;

/** Of an answer that is no stream. */
const maxWholeBytes = 8 * 2 ** 20;
/** Waiting for the decompressor, which is faster than any network. */
const maxWaitingBytes = 8 * 2 ** 20;

export type AnswerForm = "events" | "lines" | "whole";

export function formOf(contentType: string): AnswerForm {
  if (contentType.startsWith("text/event-stream")) return "events";
  return /^application\/(?:x-ndjson|ndjson|jsonl)/.test(contentType) ? "lines" : "whole";
}

export class AnswerReader {
  readonly #tally: Tally;
  readonly #read: Read;
  readonly #form: AnswerForm;
  readonly #cutter: Cutter;
  readonly #unpack: Transform | null;
  readonly #unpacked: Promise<void>;
  #whole: Buffer[] = [];
  #wholeBytes = 0;
  /** Why the copy could not be read to its end, as a remark; the rest is not looked at. */
  trouble: string | null = null;

  constructor(about: { readonly api: Api; readonly form: AnswerForm; readonly encoding: string }, tally: Tally) {
    this.#tally = tally;
    this.#read = readerOf(about.api);
    this.#form = about.form;
    this.#cutter = new Cutter(about.form === "lines" ? "line" : "event");
    const unpack = unpackerOf(about.encoding);
    if (unpack === undefined) this.trouble = `the answer's encoding ${about.encoding.slice(0, 40)} is not read here`;
    this.#unpack = unpack ?? null;
    this.#unpacked = unpack ? this.#listen(unpack) : Promise.resolve();
  }

  /** Takes a chunk as it came from the provider. */
  push(chunk: Buffer): void {
    if (this.trouble !== null) return;
    if (this.#unpack === null) return this.#take(chunk);
    if (this.#unpack.writableLength > maxWaitingBytes)
      return this.#giveUp("the answer came faster than it could be read");
    this.#unpack.write(chunk);
  }

  /** Reads one event that somebody else has cut, as whoever leaves out some of them. */
  event(piece: Piece): void {
    if (piece.isWhole) this.#readText(dataOf(piece.bytes));
    else this.trouble ??= "an event of the answer was too long to be read";
  }

  /** Resolves when everything that was pushed is read. */
  async end(): Promise<void> {
    this.#unpack?.end();
    await this.#unpacked;
    if (this.#form !== "whole") this.#pieces(this.#cutter.end());
    else if (this.trouble === null) this.#readWhole(Buffer.concat(this.#whole).toString("utf8"));
    this.#whole = [];
  }

  /** Puts down what was begun, when the rest will not come. */
  abandon(): void {
    this.#unpack?.destroy();
    this.#whole = [];
  }

  #listen(unpack: Transform): Promise<void> {
    return new Promise((resolve) => {
      unpack.on("data", (bytes: Buffer) => this.#take(bytes));
      unpack.on("error", () => this.#giveUp("the answer could not be decompressed"));
      unpack.on("close", resolve);
    });
  }

  #take(bytes: Buffer): void {
    if (this.#form !== "whole") return this.#pieces(this.#cutter.push(bytes));
    this.#wholeBytes += bytes.length;
    if (this.#wholeBytes > maxWholeBytes) return this.#giveUp("the answer is longer than 8 MiB and was not read");
    this.#whole.push(bytes);
  }

  #giveUp(why: string): void {
    this.trouble ??= why;
    this.#whole = [];
    this.#unpack?.destroy();
  }

  #pieces(pieces: readonly Piece[]): void {
    for (const piece of pieces) {
      if (this.#form === "events") this.event(piece);
      else if (piece.isWhole) this.#readText(piece.bytes.toString("utf8"));
      else this.trouble ??= "a line of the answer was too long to be read";
    }
  }

  #readText(text: string | null): void {
    if (text === null || text.trim() === "" || text === "[DONE]") return;
    const part = parsed(text);
    if (isObject(part)) this.#read(part, this.#tally);
  }

  /** Gemini's streams without `alt=sse` are one list; some servers name lines of JSON just JSON. */
  #readWhole(text: string): void {
    const value = parsed(text);
    if (value === undefined) for (const line of text.split("\n")) this.#readText(line);
    else
      for (const part of Array.isArray(value) ? listIn(value) : [value])
        if (isObject(part)) this.#read(part, this.#tally);
  }
}

function readerOf(api: Api): Read {
  switch (api) {
    case "chat":
    case "embeddings":
      return readChat;
    case "responses":
      return readResponses;
    case "messages":
      return messagesReader();
    case "gemini":
      return readGemini;
    case "ollama":
      return readOllama;
  }
}

/** Null needs none; undefined is an encoding that is not known. */
function unpackerOf(encoding: string): Transform | null | undefined {
  switch (encoding.trim().toLowerCase()) {
    case "":
    case "identity":
      return null;
    case "gzip":
    case "x-gzip":
      return createGunzip();
    case "deflate":
      return createInflate();
    case "br":
      return createBrotliDecompress();
    case "zstd":
      return createZstdDecompress();
    default:
      return undefined;
  }
}
