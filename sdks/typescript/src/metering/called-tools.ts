import { fieldsOf } from "../usage-shapes.ts";

/** A tool that an answer asks to call. */
export interface CalledTool {
  readonly name: string;
  readonly args: unknown;
}

interface Growing {
  name: string;
  /** Arguments as JSON text, in pieces. */
  text: string;
}

/** As many as a beat tells. */
const MAX_CALLS = 64;
const MAX_TEXT = 256 * 1024;

/** Collects the tool calls of one answer, whole ones and those whose arguments come in pieces. */
export class CalledTools {
  readonly #whole: CalledTool[] = [];
  readonly #growing = new Map<string, Growing>();

  whole(name: unknown, args: unknown): void {
    if (typeof name === "string" && name !== "" && this.#whole.length < MAX_CALLS) this.#whole.push({ name, args });
  }

  /** Arguments as a JSON text that is complete. */
  text(name: unknown, text: unknown): void {
    const args = argsOf(text);
    if (args !== undefined) this.whole(name, args);
  }

  /** A piece of the call at this place: its name, with the first one, and some of its arguments. */
  piece(place: string, name: unknown, text: unknown): void {
    let call = this.#growing.get(place);
    if (call === undefined) {
      if (this.#growing.size >= MAX_CALLS) return;
      call = { name: "", text: "" };
      this.#growing.set(place, call);
    }
    if (typeof name === "string" && name !== "") call.name = name;
    if (typeof text === "string" && call.text.length <= MAX_TEXT) call.text += text;
  }

  /** All of them. One whose arguments broke off was never called. */
  take(): readonly CalledTool[] {
    for (const { name, text } of this.#growing.values()) this.text(name, text);
    this.#growing.clear();
    return this.#whole;
  }
}

/** No text means no arguments, which is what `{}` says; undefined for what is no JSON. */
function argsOf(text: unknown): unknown {
  if (fieldsOf(text) !== null) return text;
  if (typeof text !== "string") return {};
  if (text.trim() === "") return {};
  if (text.length > MAX_TEXT) return undefined;
  try {
    return JSON.parse(text) as unknown;
  } catch {
    // Broken off, or no JSON to begin with.
    return undefined;
  }
}
