// Who may be called through the meter: `/meter/<agent>/<provider>/REST` goes to `<url>/REST`. What a client's base URL has to
// end with follows from what the client itself appends: the OpenAI clients append `chat/completions`, so theirs ends with `/v1`; the
// Anthropic ones append `v1/messages`, so theirs ends with the provider's name.

/** How a provider words its errors; what an answer looks like is told by the path that was called. */
export const SHAPES = ["openai", "anthropic", "gemini", "ollama"] as const;

export type Shape = (typeof SHAPES)[number];

export interface Provider {
  readonly name: string;
  /** Without a slash at its end. */
  readonly url: string;
  readonly shape: Shape;
  /** As the price tables spell it. */
  readonly priceAs: string;
  /** Reports the usage of a chat stream without being asked, or refuses to be asked. */
  readonly reportsUnasked: boolean;
}

/** What the settings say of one provider; a built-in one keeps whatever is not said. */
export interface ProviderSettings {
  readonly url?: string;
  readonly shape?: Shape;
  readonly priceAs?: string;
}

type Row = readonly [name: string, url: string, shape: Shape, priceAs: string, reports: "asked" | "unasked"];

const builtIn: readonly Row[] = [
  ["openai", "https://api.openai.com", "openai", "openai", "asked"],
  ["anthropic", "https://api.anthropic.com", "anthropic", "anthropic", "asked"],
  ["gemini", "https://generativelanguage.googleapis.com", "gemini", "google", "asked"],
  ["openrouter", "https://openrouter.ai/api", "openai", "openrouter", "unasked"],
  ["ollama", "http://127.0.0.1:11434", "ollama", "ollama", "asked"],
  // Refuses fields it does not know, and its streams end with the usage anyway.
  ["mistral", "https://api.mistral.ai", "openai", "mistral", "unasked"],
  // Ends its streams with `x_groq.usage`.
  ["groq", "https://api.groq.com", "openai", "groq", "unasked"],
  ["deepseek", "https://api.deepseek.com", "openai", "deepseek", "asked"],
  ["xai", "https://api.x.ai", "openai", "x-ai", "unasked"],
];

export type Providers = ReadonlyMap<string, Provider>;

export const builtInNames: readonly string[] = builtIn.map(([name]) => name);

/** The built-in providers and those of the settings, which may also move a built-in one to another URL. */
export function providersOf(settings: Readonly<Record<string, ProviderSettings>> = {}): Providers {
  const known = new Map<string, Provider>();
  for (const [name, url, shape, priceAs, reports] of builtIn) {
    known.set(name, { name, url, shape, priceAs, reportsUnasked: reports === "unasked" });
  }
  for (const [name, given] of Object.entries(settings)) {
    const before = known.get(name);
    const url = (given.url ?? before?.url ?? "").replace(/\/+$/, "");
    known.set(name, {
      name,
      url,
      shape: given.shape ?? before?.shape ?? "openai",
      priceAs: given.priceAs ?? before?.priceAs ?? name,
      reportsUnasked: before?.reportsUnasked ?? false,
    });
  }
  return known;
}
