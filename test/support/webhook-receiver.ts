import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import type { TestContext } from "node:test";
import { json } from "node:stream/consumers";
import type { WebhookBody } from "@midwatch/protocol";

/** Somebody's own endpoint: keeps what arrives, once per idempotency key, and how often each came. */
export interface WebhookReceiver {
  readonly url: string;
  readonly messages: readonly WebhookBody[];
  of(type: WebhookBody["type"], agent: string): readonly WebhookBody[];
}

export async function webhookReceiver(t: TestContext): Promise<WebhookReceiver> {
  const messages: WebhookBody[] = [];
  const server = createServer((request, response) => {
    void json(request).then((body) => {
      messages.push(body as WebhookBody);
      response.end("{}");
    });
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  t.after(() => server.close());
  const { port } = server.address() as AddressInfo;
  return {
    url: `http://127.0.0.1:${port}/hook`,
    messages,
    of: (type, agent) => messages.filter((message) => message.type === type && message.agent === agent),
  };
}
