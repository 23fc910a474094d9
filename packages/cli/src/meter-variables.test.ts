import assert from "node:assert/strict";
import { test } from "node:test";
import { meterVariables } from "./meter-variables.ts";

const place = { url: "http://127.0.0.1:4005", key: null };
const providers = ["openai", "anthropic", "gemini", "ollama", "groq"];

test("each client gets the address that it appends its own path to", () => {
  assert.deepEqual(meterVariables({}, { agent: "team/bot", providers, place }), {
    variables: {
      OPENAI_BASE_URL: "http://127.0.0.1:4005/meter/team%2Fbot/openai/v1",
      ANTHROPIC_BASE_URL: "http://127.0.0.1:4005/meter/team%2Fbot/anthropic",
      GOOGLE_GEMINI_BASE_URL: "http://127.0.0.1:4005/meter/team%2Fbot/gemini",
      OLLAMA_HOST: "http://127.0.0.1:4005/meter/team%2Fbot/ollama",
      GROQ_BASE_URL: "http://127.0.0.1:4005/meter/team%2Fbot/groq",
    },
    remarks: [],
  });
});

test("a meter that others can reach gets the key in its path", () => {
  const open = { url: "http://10.0.0.2:4005", key: "mw_k" };
  const { variables } = meterVariables({}, { agent: "bot", providers: ["anthropic"], place: open });
  assert.deepEqual(variables, { ANTHROPIC_BASE_URL: "http://10.0.0.2:4005/meter/mw_k/bot/anthropic" });
});

test("an address that a person has set stays, and it is said that those calls are not counted", () => {
  const given = { OPENAI_BASE_URL: "https://gateway.example.org/v1" };
  const { variables, remarks } = meterVariables(given, { agent: "bot", providers: ["openai", "anthropic"], place });
  assert.deepEqual(Object.keys(variables), ["ANTHROPIC_BASE_URL"]);
  assert.match(
    remarks.join("\n"),
    /OPENAI_BASE_URL is set to https:\/\/gateway.example.org\/v1 already.*do not go through/,
  );
});
