import type { Dialect, Fields, Reply } from "./dialect.ts";
import { chatStream, chatUsage, openAiChat, wholeChat } from "./openai-chat.ts";

/** OpenRouter: OpenAI's chat with a price, always told; comments while it waits for the host. */
export const openRouter: Dialect = {
  ...openAiChat,
  provider: "openrouter",
  ask: (path, body) => {
    const asked = openAiChat.ask(path.replace(/^\/api/u, ""), body);
    return asked && { ...asked, wantsUsage: true };
  },
  whole: (reply) => ({ provider: "SomeHost", ...wholeChat(reply, pricedUsage(reply)) }),
  stream: (reply) => [": OPENROUTER PROCESSING\n\n", ...chatStream(reply, pricedUsage(reply))],
};

/** A micro-dollar a token. */
export function costUsdOf({ usage }: Pick<Reply, "usage">): number {
  return (usage.input + usage.output) / 1e6;
}

function pricedUsage(reply: Reply): Fields {
  return {
    ...chatUsage(reply),
    cost: costUsdOf(reply),
    is_byok: false,
    cost_details: { upstream_inference_cost: null },
  };
}
