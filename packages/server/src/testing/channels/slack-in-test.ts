import type { Received } from "../loopback-receiver.ts";
import { startStandIn, type StandIn, type StandInAnswer } from "./stand-in.ts";

export const slackToken = "xoxb-123456789012-abcdefghijklmnop";
export const slackChannelId = "C0123456789";

export interface SlackBody {
  readonly channel?: string;
  readonly ts?: string;
  readonly text?: string;
  readonly blocks?: readonly SlackBlock[];
  readonly unfurl_links?: boolean;
  readonly unfurl_media?: boolean;
}

export interface SlackBlock {
  readonly type: string;
  readonly text?: SlackText;
  readonly fields?: readonly SlackText[];
  readonly elements?: readonly SlackText[];
}

interface SlackText {
  readonly type: string;
  readonly text: string;
}

export interface SlackInTest extends StandIn {
  /** The incoming webhook. */
  readonly url: string;
  /** The root of the Web API. */
  readonly server: string;
  /** The messages that stand in the channel, by `ts`. */
  readonly messages: Map<string, SlackBody>;
}

const webhookPath = "/services/T0123456789/B0123456789/abcdefghijklmnopqrstuvwx";

/** Slack on the loopback: one incoming webhook, and two methods of the Web API with one bot in one channel. */
export async function startSlack(): Promise<SlackInTest> {
  const messages = new Map<string, SlackBody>();
  const standIn = await startStandIn((request) =>
    request.path.startsWith("/api/") ? methodAnswer(request, messages) : webhookAnswer(request, messages),
  );
  return {
    ...standIn,
    url: `http://${standIn.host}${webhookPath}`,
    server: `http://${standIn.host}/api`,
    messages,
  };
}

/** The Web API says no with 200. */
export function no(error: string): StandInAnswer {
  return { status: 200, body: JSON.stringify({ ok: false, error }) };
}

function webhookAnswer(request: Received, messages: Map<string, SlackBody>): StandInAnswer {
  if (request.path !== webhookPath) return { status: 404, body: "no_service" };
  if (request.method !== "POST") return { status: 400, body: "invalid_payload" };
  const body = JSON.parse(request.body) as SlackBody;
  if (!body.text && !body.blocks) return { status: 400, body: "no_text" };
  if (!(body.blocks ?? []).every(isBlock) || (body.blocks ?? []).length > 50)
    return { status: 400, body: "invalid_blocks" };
  messages.set(nextTs(messages), body);
  return { status: 200, body: "ok" };
}

function methodAnswer(request: Received, messages: Map<string, SlackBody>): StandInAnswer {
  const { authorization, "content-type": type } = request.headers;
  if (authorization === undefined) return no("not_authed");
  if (authorization !== `Bearer ${slackToken}`) return no("invalid_auth");
  if (type !== "application/json; charset=utf-8") return no("invalid_post_type");
  const body = JSON.parse(request.body) as SlackBody;
  if (body.channel !== slackChannelId) return no("channel_not_found");
  if (!body.text && !body.blocks) return no("no_text");
  if ((body.text?.length ?? 0) > 40_000) return no("msg_too_long");
  if (!(body.blocks ?? []).every(isBlock) || (body.blocks ?? []).length > 50) return no("invalid_blocks");
  if (request.path === "/api/chat.postMessage") return placed(messages, { ts: nextTs(messages), body });
  if (request.path !== "/api/chat.update") return no("unknown_method");
  const { ts = "" } = body;
  return messages.has(ts) ? placed(messages, { ts, body }) : no("message_not_found");
}

function placed(
  messages: Map<string, SlackBody>,
  { ts, body }: { readonly ts: string; readonly body: SlackBody },
): StandInAnswer {
  messages.set(ts, body);
  return { status: 200, body: JSON.stringify({ ok: true, channel: body.channel, ts, message: body }) };
}

function nextTs(messages: Map<string, SlackBody>): string {
  return `1774690000.${String(messages.size + 1).padStart(6, "0")}`;
}

function isBlock({ type, text, fields = [], elements = [] }: SlackBlock): boolean {
  const isText = (one: SlackText | undefined, most: number): boolean =>
    one?.type === "mrkdwn" && one.text !== "" && one.text.length <= most;
  if (type === "context")
    return elements.length > 0 && elements.length <= 10 && elements.every((one) => isText(one, 3_000));
  const isSection = type === "section" && fields.length <= 10 && fields.every((one) => isText(one, 2_000));
  return isSection && (text === undefined ? fields.length > 0 : isText(text, 3_000));
}
