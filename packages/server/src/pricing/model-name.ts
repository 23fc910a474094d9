// A model's name as agents, gateways and telemetry write it, and under which names the price tables may know it. The rule is
// caution: a name that only resembles a known one stays unpriced, because a wrong price looks like a right one.

export interface ModelName {
  /** Null: the tables tell it from the model. */
  readonly provider: string | null;
  readonly model: string;
}

/** Spellings that the tables don't know. Whatever contains "openai", "google", "bedrock" and the like they know by themselves. */
const providerNames: Readonly<Record<string, string>> = {
  x_ai: "x-ai",
  "gcp.vertex_ai": "google",
  "gcp.gen_ai": "google",
  "azure.ai.inference": "azure",
  "azure.ai.openai": "azure",
  "az.ai.inference": "azure",
  "az.ai.openai": "azure",
  azure_openai: "azure",
  "azure-openai": "azure",
  fireworks_ai: "fireworks",
  togetherai: "together",
  moonshot_ai: "moonshotai",
  "z-ai": "zai",
};

/** Clients of these speak to anyone who understands OpenAI's API, or to everyone: the model's prefix then tells whose it is. */
const gateways = new Set(["openai", "litellm"]);

const bedrockModel =
  /^(?:[a-z]{2,6}(?:-gov)?\.)?(?:ai21|amazon|anthropic|cohere|deepseek|google|meta|minimax|mistral|moonshotai?|nvidia|openai|qwen|writer|zai)\.[a-z]/;
/** A fine-tune, or capacity that is paid by the hour: it costs something else than the model whose name it contains. */
const ownDeployment = /(?:^|[/:.])ft[:-]|tunedmodels\/|endpoints\/|custom-model|imported-model|provisioned-model/;
/** `deepseek-r1:7b`: how Ollama writes sizes. Without a provider it is more likely a model at home than the vendor's own. */
const sizeTag = /:[a-z0-9._-]*\d[bm](?:-|$)/;

export function providerName(provider: string): string {
  const name = provider.trim().toLowerCase();
  return Object.hasOwn(providerNames, name) ? (providerNames[name] ?? name) : name;
}

/** Without the path of a resource: `models/gemini-…`, `projects/…/publishers/google/models/gemini-…`. */
export function bareModel(model: string): string {
  const name = model.trim();
  return /^(?:.*\/)?publishers\/[^/]+\/models\/(.+)$/.exec(name)?.[1] ?? /^models\/(.+)$/.exec(name)?.[1] ?? name;
}

export function isOwnDeployment(model: string): boolean {
  return ownDeployment.test(model.toLowerCase());
}

/** Where to look for a model's price, the likeliest first. */
export function namesToTry({ provider, model }: ModelName): readonly ModelName[] {
  const bare = bareModel(model);
  if (provider !== null) {
    const known = providerName(provider);
    const own = { provider: known, model: bare };
    return gateways.has(known) ? [own, ...vendorOf(bare)] : [own];
  }
  const lower = bare.toLowerCase();
  if (lower.startsWith("arn:aws:") || bedrockModel.test(lower)) return [{ provider: "aws", model: bare }];
  if (model.includes("publishers/")) return [{ provider: "google", model: bare }];
  if (lower.startsWith("ft:gpt-")) return [{ provider: "openai", model: bare }];
  if (sizeTag.test(lower)) return [];
  return [{ provider: null, model: bare }, ...vendorOf(bare)];
}

/** `anthropic/claude-sonnet-4.5` → that model at Anthropic, whose price OpenRouter and LiteLLM pass on. */
function vendorOf(model: string): readonly ModelName[] {
  const [, vendor, rest] = /^([^/]+)\/(.+)$/.exec(model) ?? [];
  return vendor === undefined || rest === undefined ? [] : [{ provider: providerName(vendor), model: rest }];
}
