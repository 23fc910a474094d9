/**
 * The kinds of calls that are counted, told by method and path, because one provider may speak several: OpenRouter takes
 * Anthropic's messages, and Ollama OpenAI's chats.
 */
export type Api = "chat" | "responses" | "embeddings" | "messages" | "gemini" | "ollama";

export interface Endpoint {
  readonly api: Api;
  /** Where the path names it. */
  readonly model: string | null;
}

const ends: readonly (readonly [RegExp, Api])[] = [
  [/\/(?:chat\/)?completions$/, "chat"],
  [/\/responses$/, "responses"],
  [/\/embeddings$/, "embeddings"],
  // Not `threads/…/messages` and not `messages/count_tokens`, which cost nothing by themselves.
  [/\/v1\/messages$/, "messages"],
  [/\/models\/[^/]+:(?:generateContent|streamGenerateContent|embedContent|batchEmbedContents)$/, "gemini"],
  [/\/api\/(?:chat|generate|embed|embeddings)$/, "ollama"],
];

/** What a request asks for; null when it is only passed on, such as a list of models. */
export function endpointOf(method: string | undefined, pathAndQuery: string): Endpoint | null {
  if (method !== "POST") return null;
  const path = pathAndQuery.split("?", 1)[0] ?? "";
  if (/\/threads\/[^/]+\/messages$/.test(path)) return null;
  const api = apiOf(path);
  if (api === null) return null;
  const model = api === "gemini" ? (/\/models\/([^/:]+):/.exec(path)?.[1] ?? null) : null;
  return { api, model };
}

function apiOf(path: string): Api | null {
  // Ollama's own `/api/embeddings` ends like OpenAI's.
  const ollama = ends.at(-1);
  if (ollama?.[0].test(path) === true) return ollama[1];
  return ends.find(([pattern]) => pattern.test(path))?.[1] ?? null;
}
