// The yardstick: the least that a JSON API on node:http can do. It parses the body and answers it as JSON; it checks no key,
// knows no agent and writes nothing.

import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { answerParent } from "./child.ts";
import type { Serving } from "./serve-midwatch.ts";
import { weigh } from "./weigh.ts";

const server = createServer((request, response) => {
  const chunks: Buffer[] = [];
  request.on("data", (chunk: Buffer) => chunks.push(chunk));
  request.on("end", () => {
    const answer = JSON.stringify(JSON.parse(Buffer.concat(chunks).toString()));
    response.writeHead(200, { "content-type": "application/json", "content-length": Buffer.byteLength(answer) });
    response.end(answer);
  });
});
server.listen(0, "127.0.0.1");

answerParent(async (asked) => {
  if (asked === "weigh") return weigh();
  if (!server.listening) await new Promise((resolve) => server.once("listening", resolve));
  return { port: (server.address() as AddressInfo).port, key: null } satisfies Serving;
});
