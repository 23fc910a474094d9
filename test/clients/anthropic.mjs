import Anthropic from "@anthropic-ai/sdk";

const client = (fetch) => new Anthropic({ apiKey: "sk-test", fetch });
const ask = (model) => ({ model, max_tokens: 100, messages: [{ role: "user", content: "Where is it raining?" }] });

export const calls = {
  whole: async ({ model, fetch }) => (await client(fetch).messages.create(ask(model))).content[0].text,

  stream: async ({ model, fetch }) => {
    let heard = "";
    for await (const event of await client(fetch).messages.create({ ...ask(model), stream: true })) {
      if (event.type === "content_block_delta" && event.delta.type === "text_delta") heard += event.delta.text;
    }
    return heard;
  },

  helper: async ({ model, fetch }) => (await client(fetch).messages.stream(ask(model)).finalMessage()).content[0].text,

  aborted: async ({ model, fetch }) => {
    const stream = client(fetch).messages.stream(ask(model));
    for await (const event of stream) {
      if (event.type !== "content_block_delta") continue;
      stream.abort();
      return event.delta.text;
    }
    return "";
  },
};
