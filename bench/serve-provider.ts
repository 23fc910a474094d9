// The far end for `bench/meter.ts`: a provider that answers at once, or holds its streams until it is told to finish them; and the
// little of Midwatch's server that a meter needs.

import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { answerParent } from "./child.ts";

const answer = JSON.stringify({
  id: "chatcmpl-0123456789abcdefghij0123456",
  model: "gpt-5.6-mini",
  choices: [{ index: 0, message: { role: "assistant", content: "x".repeat(2_000) }, finish_reason: "stop" }],
  usage: { prompt_tokens: 1_000, completion_tokens: 500 },
});
const standings = {
  rev: "r1",
  agents: [],
  others: { directive: "continue", reason: null, until: null, budgeted: false },
};
const held: ServerResponse[] = [];

const server = createServer((request, response) => {
  const chunks: Buffer[] = [];
  request.on("data", (chunk: Buffer) => chunks.push(chunk));
  request.on("end", () => respond(request, Buffer.concat(chunks).toString(), response));
});
await new Promise<void>((resolve) => server.listen({ port: 0, host: "127.0.0.1", backlog: 2_000 }, resolve));

function respond({ url = "" }: IncomingMessage, body: string, response: ServerResponse): void {
  if (url.endsWith("/batch")) {
    const { items } = JSON.parse(body) as { items: { n: number }[] };
    response.end(JSON.stringify({ upto: items.at(-1)?.n ?? 0, standings }));
  } else if (url.includes("/standings")) {
    setTimeout(() => response.end(JSON.stringify(standings)), url.includes("known") ? 10_000 : 0).unref();
  } else if (body.includes('"stream":true')) {
    response.writeHead(200, { "content-type": "text/event-stream" });
    response.write(`data: ${JSON.stringify({ choices: [{ index: 0, delta: { content: "x".repeat(100) } }] })}\n\n`);
    held.push(response);
  } else {
    response.writeHead(200, { "content-type": "application/json", "content-length": Buffer.byteLength(answer) });
    response.end(answer);
  }
}

answerParent((message) => {
  if (message === "finish") for (const response of held.splice(0)) response.end("data: [DONE]\n\n");
  return Promise.resolve({ port: (server.address() as AddressInfo).port });
});
