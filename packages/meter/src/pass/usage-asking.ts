// Asking a provider for the usage of a chat stream on the client's behalf, and leaving the answer to that out of what the client sees.

import type { Endpoint } from "../providers/endpoint.ts";
import type { Provider } from "../providers/providers.ts";
import { askForUsage } from "../reading/ask-for-usage.ts";
import { isObject, parsed, type JsonObject } from "../reading/json.ts";
import { dataOf, type Piece } from "../reading/pieces.ts";

/** Which providers take the question. A server that refuses it is not asked again: a meter must not break a call. */
export class UsageAsking {
  readonly #takes = new Map<string, boolean>();

  /** The request's text with the question in it; null when there is nothing to ask. */
  asked(provider: Provider, endpoint: Endpoint, text: string, body: JsonObject): string | null {
    const isAskable = endpoint.api === "chat" && !provider.reportsUnasked && this.#takes.get(provider.name) !== false;
    return isAskable ? askForUsage(text, body) : null;
  }

  /** Whether an answer to a question may mean that it was the question that was refused. */
  isSuspect(provider: Provider, status: number): boolean {
    return (status === 400 || status === 422) && this.#takes.get(provider.name) !== true;
  }

  note(provider: Provider, takes: boolean): void {
    this.#takes.set(provider.name, takes);
  }
}

/** True for the chunk that only tells the usage, which a client that did not ask never gets. */
export function isOnlyUsage({ bytes, isWhole }: Piece): boolean {
  if (!isWhole || !bytes.includes("prompt_tokens")) return false;
  const chunk = parsed(dataOf(bytes) ?? "");
  return (
    isObject(chunk) && isObject(chunk["usage"]) && Array.isArray(chunk["choices"]) && chunk["choices"].length === 0
  );
}
