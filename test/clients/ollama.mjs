import { Ollama } from "ollama";

const client = (fetch) => new Ollama({ host: process.env.OLLAMA_HOST, fetch });
const messages = [{ role: "user", content: "Where is it raining?" }];

export const calls = {
  whole: async ({ model, fetch }) => (await client(fetch).chat({ model, messages })).message.content,

  generate: async ({ model, fetch }) => (await client(fetch).generate({ model, prompt: "Where?" })).response,

  stream: async ({ model, fetch }) => {
    let heard = "";
    for await (const part of await client(fetch).chat({ model, messages, stream: true })) heard += part.message.content;
    return heard;
  },

  aborted: async ({ model, fetch }) => {
    const ollama = client(fetch);
    for await (const part of await ollama.chat({ model, messages, stream: true })) {
      ollama.abort();
      return part.message.content;
    }
    return "";
  },
};
