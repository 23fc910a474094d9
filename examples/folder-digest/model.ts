// Asks a model, by plain HTTP and without a library. Which one follows from the key that is set; the base URL may point to a
// proxy or to anything that speaks the same.

import type { Summariser, Summary } from "./summary.ts";

type Environment = Readonly<Record<string, string | undefined>>;

interface Provider {
  readonly name: string;
  readonly url: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: (prompt: string) => unknown;
  /** The text of an answer; null when there is none where it should be. */
  readonly textOf: (answer: unknown) => string | null;
}

/** Longest wait for one answer, in milliseconds. Less than two intervals of examples/midwatch.yaml: a slow model is no hang. */
const patienceMs = 20_000;
const mostOutputTokens = 400;

/** Null when no key is set. */
export function modelFromEnvironment(env: Environment): Summariser | null {
  const provider = openAi(env) ?? anthropic(env);
  return provider && { kind: "model", summarise: (text) => ask(provider, text) };
}

function openAi(env: Environment): Provider | null {
  const key = env["OPENAI_API_KEY"];
  if (!key) return null;
  const model = env["DIGEST_MODEL"] ?? "gpt-4.1-mini";
  return {
    name: `OpenAI's ${model}`,
    url: `${baseOf(env["OPENAI_BASE_URL"], "https://api.openai.com/v1")}/chat/completions`,
    headers: { authorization: `Bearer ${key}` },
    body: (prompt) => ({
      model,
      max_completion_tokens: mostOutputTokens,
      messages: [{ role: "user", content: prompt }],
    }),
    textOf: (answer) => textAt(answer, "choices", 0, "message", "content"),
  };
}

function anthropic(env: Environment): Provider | null {
  const key = env["ANTHROPIC_API_KEY"];
  if (!key) return null;
  const model = env["DIGEST_MODEL"] ?? "claude-haiku-4-5";
  return {
    name: `Anthropic's ${model}`,
    url: `${baseOf(env["ANTHROPIC_BASE_URL"], "https://api.anthropic.com")}/v1/messages`,
    headers: { "x-api-key": key, "anthropic-version": "2023-06-01" },
    body: (prompt) => ({ model, max_tokens: mostOutputTokens, messages: [{ role: "user", content: prompt }] }),
    textOf: (answer) => textAt(answer, "content", 0, "text"),
  };
}

async function ask(provider: Provider, text: string): Promise<Summary> {
  const prompt = `Summarise this note in two sentences. Answer with the summary alone.\n\n${text}`;
  const response = await fetch(provider.url, {
    method: "POST",
    headers: { "content-type": "application/json", ...provider.headers },
    body: JSON.stringify(provider.body(prompt)),
    signal: AbortSignal.timeout(patienceMs),
  });
  // A proxy's error page is no JSON; its status is told below.
  const answer: unknown = await response.json().catch(() => null);
  if (!response.ok) {
    // The provider's kind of error and not its words, which may quote a part of the key.
    const kind = textAt(answer, "error", "type") ?? "no reason given";
    throw new Error(`${provider.name} answered ${response.status} (${kind}); check the key and DIGEST_MODEL`);
  }
  const summary = provider.textOf(answer)?.trim();
  if (!summary) throw new Error(`${provider.name} answered without any text`);
  return { text: summary, by: provider.name, usage: answer };
}

function baseOf(given: string | undefined, usual: string): string {
  return (given ?? usual).replace(/\/+$/, "");
}

/** Follows a path into what came from outside; null where it leads nowhere or to something that is no text. */
function textAt(value: unknown, ...path: readonly (string | number)[]): string | null {
  let at = value;
  for (const step of path) {
    if (typeof at !== "object" || at === null) return null;
    at = Reflect.get(at, step);
  }
  return typeof at === "string" ? at : null;
}
