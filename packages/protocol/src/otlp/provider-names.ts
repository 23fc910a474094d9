// Providers by the names that the price tables use. Every convention spells them its own way, and deprecated spellings live on.

const spellings: Readonly<Record<string, string>> = {
  openai: "openai",
  anthropic: "anthropic",
  claude: "anthropic",
  "az.ai.openai": "azure",
  "azure.ai.openai": "azure",
  "az.ai.inference": "azure",
  "azure.ai.inference": "azure",
  azure: "azure",
  "azure-openai": "azure",
  azure_openai: "azure",
  azureopenai: "azure",
  google: "google",
  gemini: "google",
  "gcp.gemini": "google",
  "gcp.gen_ai": "google",
  "gcp.vertex_ai": "google",
  vertex_ai: "google",
  vertexai: "google",
  vertex: "google",
  google_genai: "google",
  "google-gla": "google",
  "google-vertex": "google",
  "aws.bedrock": "aws",
  aws_bedrock: "aws",
  bedrock: "aws",
  "amazon-bedrock": "aws",
  aws: "aws",
  amazon: "aws",
  xai: "x-ai",
  x_ai: "x-ai",
  "x-ai": "x-ai",
  openrouter: "openrouter",
  mistral: "mistral",
  mistral_ai: "mistral",
  mistralai: "mistral",
  groq: "groq",
  deepseek: "deepseek",
  ollama: "ollama",
  cohere: "cohere",
  perplexity: "perplexity",
  together: "together",
  together_ai: "together",
  togetherai: "together",
  fireworks: "fireworks",
  cerebras: "cerebras",
  moonshot_ai: "moonshotai",
  moonshotai: "moonshotai",
};

/**
 * The provider as the price tables spell it; a name nobody knows is kept as it is, in lower case. The AI SDK says which door
 * of a provider was used ("openai.chat", "google.generative-ai"): the part before the dot is the provider.
 */
export function providerOf(said: string | null): string | null {
  if (said === null) return null;
  const name = said.trim().toLowerCase();
  if (name === "" || name === "_other") return null;
  const known = spellings[name];
  if (known !== undefined) return known;
  // Claude behind Google's door is priced by Anthropic's tables only under Google's name: the door is the provider.
  const [door = name] = name.split(".");
  return spellings[door] ?? name;
}
