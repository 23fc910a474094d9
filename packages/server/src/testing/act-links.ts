// Links in messages as a person meets them: a webhook has got a message, and somebody opens what stands in it.

import type { MessageAction, WebhookBody } from "@midwatch/protocol";
import type { Receiver } from "./loopback-receiver.ts";
import type { TestOptions } from "./test-server.ts";

/** What the messages say; the port of a server in a test is not known before it runs. */
const publicUrl = "https://midwatch.example.org";

export function withLinks(hook: Receiver): TestOptions {
  const channels = { desk: { type: "webhook", url: hook.url, allow_private: true } };
  return { channels, alertsTo: ["desk"], publicUrl };
}

export function messages(hook: Receiver): readonly WebhookBody[] {
  return hook.received.map(({ body }) => JSON.parse(body) as WebhookBody);
}

/** The path of a link in the last message that has one for this. */
export function pathOf(hook: Receiver, action: MessageAction["action"]): string {
  const link = messages(hook)
    .flatMap(({ actions }) => actions)
    .findLast((one) => one.action === action);
  if (link === undefined) throw new Error(`no message has a link to ${action}`);
  return new URL(link.url).pathname;
}

export interface Opened {
  readonly status: number;
  readonly headers: Headers;
  readonly html: string;
}

export async function look({ url }: { readonly url: string }, path: string, init: RequestInit = {}): Promise<Opened> {
  const response = await fetch(url + path, { headers: { accept: "text/html" }, redirect: "manual", ...init });
  return { status: response.status, headers: response.headers, html: await response.text() };
}

/** The button. */
export function press(server: { readonly url: string }, path: string, by = ""): Promise<Opened> {
  return look(server, path, { method: "POST", body: new URLSearchParams({ by }) });
}
