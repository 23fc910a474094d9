import type { CountedClass, ServedUsage } from "./served-usage.ts";

export type ProviderName = "openai" | "openrouter" | "anthropic" | "google" | "ollama";

/** What a request asks for. */
export interface Ask {
  readonly model: string;
  readonly streams: boolean;
  /** The stream will tell its usage. */
  readonly wantsUsage: boolean;
}

/** What is answered. */
export interface Reply extends Ask {
  readonly id: string;
  readonly usage: ServedUsage;
  readonly tellsUsage: boolean;
  readonly pieces: readonly string[];
  readonly callsTool: boolean;
}

export type Fields = Readonly<Record<string, unknown>>;

/** How one of a provider's APIs speaks. */
export interface Dialect {
  readonly provider: ProviderName;
  /** Classes of tokens that it tells apart. */
  readonly classes: readonly CountedClass[];
  readonly streamType: string;
  /** Null for a path of another API; the path comes without the provider's prefix. */
  ask(path: string, body: Fields): Ask | null;
  whole(reply: Reply): unknown;
  /** The stream in pieces of text, each sent by itself. */
  stream(reply: Reply): readonly string[];
}

export const toolName = "look_up";
export const toolArgs = { city: "Bern" };
/** Fixed, so that the same call gives the same bytes. */
export const created = 1_774_690_000;

/** The name without the knobs; it is what the answer says that answered. */
export function answeringModel(model: string): string {
  return model.split("+")[0] ?? model;
}

/** The words of the answer. Not only ASCII: a byte is not a letter. */
export function wordsOf(count: number): readonly string[] {
  return Array.from({ length: count }, (_, index) => `Grüße ${String(index + 1)} 世界. `);
}

export function sse(data: unknown, event?: string): string {
  return `${event === undefined ? "" : `event: ${event}\n`}data: ${JSON.stringify(data)}\n\n`;
}

export function text(value: unknown): string {
  return typeof value === "string" ? value : "";
}
