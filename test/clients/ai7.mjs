import { createAnthropic } from "@ai-sdk/anthropic";
import { createGoogleGenerativeAI } from "@ai-sdk/google";
import { createOpenAI } from "@ai-sdk/openai";
import { generateText, streamText } from "ai";
import { aiCalls } from "./ai-calls.mjs";

export const calls = aiCalls({
  generateText,
  streamText,
  createOpenAI,
  createAnthropic,
  createGoogle: createGoogleGenerativeAI,
});
