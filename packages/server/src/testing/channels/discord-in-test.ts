import type { Received } from "../loopback-receiver.ts";
import { startStandIn, type StandIn, type StandInAnswer } from "./stand-in.ts";

export interface DiscordInTest extends StandIn {
  readonly url: string;
  /** The messages that stand in the channel, by id. */
  readonly messages: Map<string, DiscordBody>;
}

export interface DiscordBody {
  readonly content?: string;
  readonly embeds?: readonly DiscordEmbed[];
  readonly allowed_mentions?: unknown;
}

interface DiscordEmbed {
  readonly title?: string;
  readonly url?: string;
  readonly description?: string;
  readonly color?: number;
  readonly timestamp?: string;
  readonly fields?: readonly { readonly name: string; readonly value: string; readonly inline?: boolean }[];
}

const path = "/api/webhooks/1122334455/the-token-of-the-webhook";

/** A webhook of Discord on the loopback: it takes and refuses what the real one documents, in the same words and codes. */
export async function startDiscord(): Promise<DiscordInTest> {
  const messages = new Map<string, DiscordBody>();
  const standIn = await startStandIn((request) => answerTo(request, messages), { "content-type": "application/json" });
  return {
    ...standIn,
    url: `http://${standIn.host}${path}`,
    messages,
  };
}

function answerTo(request: Received, messages: Map<string, DiscordBody>): StandInAnswer {
  const url = new URL(request.path, "http://discord.test");
  const id = new RegExp(`^${path}/messages/(\\d+)$`).exec(url.pathname)?.[1];
  if (url.pathname !== path && id === undefined) {
    const known = url.pathname.startsWith("/api/webhooks/1122334455/");
    return known ? failure(401, 50_027, "Invalid Webhook Token") : failure(404, 10_015, "Unknown Webhook");
  }
  if (request.headers["content-type"] !== "application/json")
    return failure(400, 50_109, "The request body contains invalid JSON.");
  const body = JSON.parse(request.body) as DiscordBody;
  const wrong = wrongWith(body);
  if (wrong !== null) return failure(400, 50_035, `Invalid Form Body (${wrong})`);
  if (!body.content && (body.embeds ?? []).length === 0) return failure(400, 50_006, "Cannot send an empty message");

  if (request.method === "PATCH" && id !== undefined) {
    const before = messages.get(id);
    if (before === undefined) return failure(404, 10_008, "Unknown Message");
    messages.set(id, { ...before, ...body });
    return { status: 200, body: JSON.stringify({ ...body, id }) };
  }
  if (request.method !== "POST" || id !== undefined) return failure(405, 0, "405: Method Not Allowed");
  const made = String(900_000_000_000_000_000n + BigInt(messages.size));
  messages.set(made, body);
  if (url.searchParams.get("wait") !== "true") return { status: 204, body: "" };
  // The id comes after the message, as it does at Discord: whoever reads only the start of an answer never sees it.
  return { status: 200, body: JSON.stringify({ type: 0, content: body.content ?? "", embeds: body.embeds, id: made }) };
}

function wrongWith({ content = "", embeds = [] }: DiscordBody): string | null {
  const texts = embeds.flatMap(({ title = "", description = "", fields = [] }) => [
    title,
    description,
    ...fields.flatMap(({ name, value }) => [name, value]),
  ]);
  if (content.length > 2_000) return "content is over 2000";
  if (embeds.length > 10) return "over 10 embeds";
  if (texts.join("").length > 6_000) return "embeds are over 6000";
  for (const { title = "", description = "", url, timestamp, fields = [] } of embeds) {
    if (title.length > 256 || description.length > 4_096 || fields.length > 25) return "an embed is too long";
    if (title + description === "" && fields.length === 0) return "an embed is empty";
    if (url !== undefined && !/^https?:/.test(url)) return "the url of an embed is none";
    if (timestamp !== undefined && Number.isNaN(Date.parse(timestamp))) return "timestamp is no time";
    for (const { name, value } of fields) {
      if (name === "" || name.length > 256 || value === "" || value.length > 1_024)
        return "a field is empty or too long";
    }
  }
  return null;
}

function failure(status: number, code: number, message: string): StandInAnswer {
  return { status, body: JSON.stringify({ message, code }) };
}
