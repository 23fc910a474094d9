/** What an address tells of the call that is made there. */
export interface Endpoint {
  /** As the price tables spell it; null when only the answer can tell. */
  readonly provider: string | null;
  /** The model, where the address names it. */
  readonly model: string | null;
  /** The address is one where models are called; else only the shape of the answer shows whether it was a call. */
  readonly isKnown: boolean;
}

const HOSTS: readonly (readonly [RegExp, string])[] = [
  [/(?:^|\.)api\.openai\.com$/u, "openai"],
  [/\.openai\.azure\.com$|\.cognitiveservices\.azure\.com$|\.services\.ai\.azure\.com$/u, "azure"],
  [/^api\.anthropic\.com$/u, "anthropic"],
  [/^generativelanguage\.googleapis\.com$|(?:^|-)aiplatform\.googleapis\.com$/u, "google"],
  [/^openrouter\.ai$/u, "openrouter"],
  [/^api\.mistral\.ai$/u, "mistral"],
  [/^api\.deepseek\.com$/u, "deepseek"],
  [/^api\.groq\.com$/u, "groq"],
  [/^api\.x\.ai$/u, "x-ai"],
  [/^api\.together\.(?:xyz|ai)$/u, "together"],
  [/^api\.fireworks\.ai$/u, "fireworks"],
  [/^api\.cohere\.(?:com|ai)$/u, "cohere"],
  [/^bedrock-runtime\..*\.amazonaws\.com$/u, "aws"],
];

/** For hosts nobody knows: a proxy, a gateway, a model of one's own. */
const PATHS: readonly (readonly [RegExp, string])[] = [
  [/\/(?:chat\/completions|completions|responses|embeddings)$/u, "openai"],
  [/\/messages$/u, "anthropic"],
  [/:(?:streamGenerateContent|generateContent)$/u, "google"],
  [/\/api\/(?:chat|generate|embed|embeddings)$/u, "ollama"],
  [/\/model\/[^/]+\/(?:converse|invoke)$/u, "aws"],
];

/** These answer with token counts and use no tokens. */
const COUNT_NOTHING = /count_?tokens$|\/input_tokens$|\/batches$|\/cancel$/iu;

/**
 * Null for what is certainly no call of a model. Models are called by POST; a GET may well answer with usage, but of a call
 * that was counted when it was made.
 */
export function endpointOf(method: string, address: string): Endpoint | null {
  if (method.toUpperCase() !== "POST" || !URL.canParse(address)) return null;
  const { hostname, pathname } = new URL(address);
  if (COUNT_NOTHING.test(pathname)) return null;
  const byHost = HOSTS.find(([pattern]) => pattern.test(hostname))?.[1];
  const byPath = PATHS.find(([pattern]) => pattern.test(pathname))?.[1];
  return {
    provider: byHost ?? byPath ?? null,
    model: /\/models\/([^/:]+):/u.exec(pathname)?.[1]?.slice(0, 128) ?? null,
    isKnown: byHost !== undefined || byPath !== undefined,
  };
}
