import OpenAI from "openai";

const client = (fetch) => new OpenAI({ apiKey: "sk-test", fetch });
const messages = [{ role: "user", content: "Where is it raining?" }];

export const calls = {
  whole: async ({ model, fetch }) =>
    (await client(fetch).chat.completions.create({ model, messages })).choices[0].message.content,

  stream: async ({ model, fetch }) => {
    const stream_options = { include_usage: true };
    let heard = "";
    for await (const chunk of await client(fetch).chat.completions.create({
      model,
      messages,
      stream: true,
      stream_options,
    })) {
      heard += chunk.choices[0]?.delta.content ?? "";
    }
    return heard;
  },

  // The helper that puts a stream together by itself.
  helper: async ({ model, fetch }) => {
    const runner = client(fetch).chat.completions.stream({ model, messages, stream_options: { include_usage: true } });
    return (await runner.finalChatCompletion()).choices[0].message.content;
  },

  aborted: async ({ model, fetch }) => {
    const stream_options = { include_usage: true };
    for await (const chunk of await client(fetch).chat.completions.create({
      model,
      messages,
      stream: true,
      stream_options,
    })) {
      if (chunk.choices[0]?.delta.content) return chunk.choices[0].delta.content;
    }
    return "";
  },

  responses: async ({ model, fetch }) => (await client(fetch).responses.create({ model, input: "Where?" })).output_text,

  responsesStream: async ({ model, fetch }) => {
    let heard = "";
    for await (const event of await client(fetch).responses.create({ model, input: "Where?", stream: true })) {
      if (event.type === "response.output_text.delta") heard += event.delta;
    }
    return heard;
  },

  responsesAborted: async ({ model, fetch }) => {
    const stream = await client(fetch).responses.create({ model, input: "Where?", stream: true });
    for await (const event of stream) {
      if (event.type !== "response.output_text.delta") continue;
      stream.controller.abort();
      return event.delta;
    }
    return "";
  },
};
