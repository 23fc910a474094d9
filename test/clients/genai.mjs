import { GoogleGenAI } from "@google/genai";

// Takes no fetch: it uses the global one, which the preload meters.
const client = () => new GoogleGenAI({ apiKey: "test", httpOptions: { baseUrl: process.env.GOOGLE_GEMINI_BASE_URL } });
const contents = "Where is it raining?";

export const calls = {
  whole: async ({ model }) => (await client().models.generateContent({ model, contents })).text,

  stream: async ({ model }) => {
    let heard = "";
    for await (const chunk of await client().models.generateContentStream({ model, contents }))
      heard += chunk.text ?? "";
    return heard;
  },

  // Leaving the loop does not end the answer in this client; only its signal does.
  aborted: async ({ model }) => {
    const abort = new AbortController();
    const config = { abortSignal: abort.signal };
    let heard = "";
    try {
      for await (const chunk of await client().models.generateContentStream({ model, contents, config })) {
        heard += chunk.text;
        abort.abort();
      }
    } catch (error) {
      if (!abort.signal.aborted) throw error;
    }
    return heard;
  },
};
