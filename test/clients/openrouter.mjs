import OpenAI from "openai";

const client = (fetch) => new OpenAI({ apiKey: "sk-test", baseURL: process.env.OPENROUTER_BASE_URL, fetch });
const messages = [{ role: "user", content: "Where is it raining?" }];

export const calls = {
  whole: async ({ model, fetch }) =>
    (await client(fetch).chat.completions.create({ model, messages })).choices[0].message.content,

  // Never asked for its usage: OpenRouter tells it anyway.
  stream: async ({ model, fetch }) => {
    let heard = "";
    for await (const chunk of await client(fetch).chat.completions.create({ model, messages, stream: true })) {
      heard += chunk.choices[0]?.delta.content ?? "";
    }
    return heard;
  },
};
