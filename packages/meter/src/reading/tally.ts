import type { CallTokens } from "@midwatch/core";
import { METER_LIMITS } from "@midwatch/protocol";
import { microsIn, textIn } from "./json.ts";
import { ToolList } from "./tool-list.ts";

/** What is known of an answer so far; the readers of each API fill it in as the answer comes. */
export class Tally {
  id: string | null = null;
  model: string | null = null;
  usage: CallTokens | null = null;
  costUsdMicros: number | null = null;
  /** Characters of the answer itself, for the guess when no usage comes. */
  textLength = 0;
  /** The answer said that it ended in an error. */
  isFailed = false;
  /** The last word on the usage was said. */
  isComplete = false;
  readonly tools = new ToolList();

  named(id: unknown, model: unknown): void {
    this.id = textIn(id, METER_LIMITS.keyLength + 1) ?? this.id;
    this.model = textIn(model, METER_LIMITS.nameLength) ?? this.model;
  }

  used(usage: CallTokens | null): void {
    this.usage = usage ?? this.usage;
  }

  /** In US dollars, as OpenRouter tells it. */
  costs(usd: unknown): void {
    this.costUsdMicros = microsIn(usd) ?? this.costUsdMicros;
  }

  said(text: unknown): void {
    if (typeof text === "string") this.textLength += text.length;
  }
}
