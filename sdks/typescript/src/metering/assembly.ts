/**
 * Puts together what an answer says of its usage: from one whole answer, or from the pieces of a stream. A piece is known by
 * names that only its kind of stream uses, so no provider has to be named first. The rule of each: Anthropic tells the
 * input first and overwrites it with each `message_delta`; Gemini repeats a total in every piece, the last one holds; OpenAI
 * and Ollama tell everything at the end. Nothing is ever added up.
 */

import { fieldsOf, usageRow, type Fields, type UsageRow } from "../usage-shapes.ts";
import { CalledTools, type CalledTool } from "./called-tools.ts";

export class Assembly {
  readonly #tools = new CalledTools();
  #usage: Fields | null = null;
  #model: string | null = null;
  #isComplete = false;

  /** Nothing about the usage will follow. */
  get isComplete(): boolean {
    return this.#isComplete;
  }

  /** One piece of a stream, or a whole answer. */
  take(given: unknown): void {
    const piece = fieldsOf(given);
    if (piece === null) return;
    const type = typeof piece["type"] === "string" ? piece["type"] : "";
    if (type.startsWith("response.")) this.#responsesEvent(type, piece);
    else if (ANTHROPIC_EVENTS.has(type)) this.#anthropicEvent(type, piece);
    else this.#answer(piece);
  }

  /** OpenAI and its many likenesses close a stream with the word `[DONE]`. */
  done(): void {
    this.#isComplete = true;
  }

  /** Null when no usage was told. */
  row(): UsageRow | null {
    return this.#usage === null
      ? null
      : usageRow({ ...(this.#model === null ? {} : { model: this.#model }), usage: this.#usage });
  }

  /** The gateway among OpenAI's likenesses that is known by its answer alone. */
  get provider(): string | null {
    return this.#usage !== null && ("cost_details" in this.#usage || "is_byok" in this.#usage) ? "openrouter" : null;
  }

  tools(): readonly CalledTool[] {
    return this.#tools.take();
  }

  #responsesEvent(type: string, piece: Fields): void {
    const response = fieldsOf(piece["response"]);
    this.#learn(response?.["model"], response?.["usage"]);
    const item = fieldsOf(piece["item"]);
    if (type === "response.output_item.done" && item?.["type"] === "function_call") {
      this.#tools.text(item["name"], item["arguments"]);
    }
    if (/^response\.(?:completed|incomplete|failed)$/u.test(type)) this.#isComplete = true;
  }

  #anthropicEvent(type: string, piece: Fields): void {
    const message = fieldsOf(piece["message"]);
    const place = String(piece["index"]);
    const block = fieldsOf(piece["content_block"]);
    const delta = fieldsOf(piece["delta"]);
    if (type === "message_start") this.#learn(message?.["model"], message?.["usage"]);
    if (type === "message_delta") this.#overwrite(fieldsOf(piece["usage"]));
    if (block?.["type"] === "tool_use") this.#tools.piece(place, block["name"], "");
    if (delta?.["type"] === "input_json_delta") this.#tools.piece(place, undefined, delta["partial_json"]);
    if (type === "message_stop") this.#isComplete = true;
  }

  /** A whole answer of any kind, or a piece of OpenAI's chat, Gemini's or Ollama's streams, which look like one. */
  #answer(piece: Fields): void {
    const groq = fieldsOf(piece["x_groq"]);
    const model = piece["model"] ?? piece["modelVersion"];
    // Ollama and our own rows keep the counts beside everything else.
    const isFlat = "prompt_eval_count" in piece || "eval_count" in piece;
    this.#learn(model, piece["usage"] ?? piece["usageMetadata"] ?? groq?.["usage"] ?? (isFlat ? piece : null));
    for (const choice of listOf(piece["choices"])) this.#choice(choice);
    for (const candidate of listOf(piece["candidates"])) {
      for (const part of listOf(fieldsOf(candidate["content"])?.["parts"])) {
        const call = fieldsOf(part["functionCall"]);
        if (call !== null) this.#tools.whole(call["name"], call["args"] ?? {});
      }
    }
    // Anthropic's content, the Responses API's output.
    for (const block of listOf(piece["content"]))
      if (block["type"] === "tool_use") this.#tools.whole(block["name"], block["input"]);
    for (const item of listOf(piece["output"]))
      if (item["type"] === "function_call") this.#tools.text(item["name"], item["arguments"]);
    this.#message(fieldsOf(piece["message"]));
    if (piece["done"] === true) this.#isComplete = true;
  }

  #choice(choice: Fields): void {
    this.#message(fieldsOf(choice["message"]));
    for (const call of listOf(fieldsOf(choice["delta"])?.["tool_calls"])) {
      const made = fieldsOf(call["function"]);
      this.#tools.piece(`${String(choice["index"])} ${String(call["index"])}`, made?.["name"], made?.["arguments"]);
    }
  }

  /** The message of OpenAI's chat, or of Ollama, whose arguments are no text. */
  #message(message: Fields | null): void {
    for (const call of listOf(message?.["tool_calls"])) {
      const made = fieldsOf(call["function"]);
      this.#tools.text(made?.["name"], made?.["arguments"]);
    }
  }

  #learn(model: unknown, usage: unknown): void {
    if (typeof model === "string" && model !== "") this.#model = model;
    this.#usage = fieldsOf(usage) ?? this.#usage;
  }

  /** A null in a later count takes nothing back. */
  #overwrite(usage: Fields | null): void {
    if (usage === null) return;
    const told = Object.entries(usage).filter(([, value]) => value !== null && value !== undefined);
    this.#usage = { ...this.#usage, ...Object.fromEntries(told) };
  }
}

const ANTHROPIC_EVENTS: ReadonlySet<string> = new Set([
  "message_start",
  "message_delta",
  "message_stop",
  "content_block_start",
  "content_block_delta",
  "content_block_stop",
]);

function listOf(value: unknown): readonly Fields[] {
  return Array.isArray(value) ? value.map(fieldsOf).filter((one) => one !== null) : [];
}
