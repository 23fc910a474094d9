import assert from "node:assert/strict";
import { test } from "node:test";
import { span } from "../testing/otlp-meanings.ts";
import type { Told } from "../testing/otlp-messages.ts";

const chat = { "gen_ai.operation.name": "chat" };

const providers: readonly (readonly [Told, string | null])[] = [
  [{ "gen_ai.provider.name": "azure.ai.openai", "gen_ai.system": "openai" }, "azure"],
  [{ "gen_ai.system": "az.ai.openai" }, "azure"],
  [{ "gen_ai.system": "vertex_ai" }, "google"],
  [{ "gen_ai.provider.name": "gcp.gemini" }, "google"],
  [{ "gen_ai.system": "xai" }, "x-ai"],
  [{ "gen_ai.provider.name": "x_ai" }, "x-ai"],
  [{ "gen_ai.provider.name": "aws.bedrock" }, "aws"],
  [{ "gen_ai.system": "OpenAI" }, "openai"],
  [{ "llm.provider": "mistralai" }, "mistral"],
  [{ "ai.model.provider": "google.generative-ai" }, "google"],
  [{ "ai.model.provider": "amazon-bedrock" }, "aws"],
  [{ "ai.model.provider": "anthropic.messages" }, "anthropic"],
  [{ "gen_ai.provider.name": "my-gateway" }, "my-gateway"],
  [{ "gen_ai.system": "_OTHER" }, null],
  [{}, null],
];

test("providers are spelled as the price tables spell them", () => {
  for (const [attributes, expected] of providers) {
    const meaning = span("chat", { ...chat, "gen_ai.usage.input_tokens": 1, ...attributes });
    assert.equal(meaning?.call.provider, expected, JSON.stringify(attributes));
  }
});
