import { generateText, streamText } from "ai6";
import { createAnthropic } from "ai6-anthropic";
import { createGoogleGenerativeAI } from "ai6-google";
import { createOpenAI } from "ai6-openai";
import { aiCalls } from "./ai-calls.mjs";

export const calls = aiCalls({
  generateText,
  streamText,
  createOpenAI,
  createAnthropic,
  createGoogle: createGoogleGenerativeAI,
});
