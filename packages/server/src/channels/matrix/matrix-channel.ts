import { createHash } from "node:crypto";
import type { WebhookBody } from "@midwatch/protocol";
import type { ChannelResult, ChannelSurroundings, SendOutcome } from "../channel.ts";
import { readConfig, type ConfigReader } from "../channel-config.ts";
import { oneLine } from "../../message-text.ts";
import { answerFields, waitOf } from "../outgoing/answer-fields.ts";
import { createPoster } from "../outgoing/post.ts";
import { quote, type Tried } from "../outgoing/service-answer.ts";
import { renderMatrix } from "./matrix-message.ts";

/**
 * Writes into a room of Matrix as a user, and edits what it wrote when more is known. It does not encrypt: in an encrypted room the
 * message is there for all to read who are in the room, with a mark beside it.
 *
 * Settings: `server` (the homeserver); `token` (an access token); `room` (the room's id, "!…"); `mention` (optional: "@room" or
 * "@name:server", for pages only); `allow_private` (default false).
 */
export function createMatrixChannel(
  name: string,
  config: Readonly<Record<string, unknown>>,
  { now, lookup, timeoutMs }: ChannelSurroundings,
): ChannelResult {
  const settings = readConfig(name, config);
  const allowPrivate = settings.allowPrivate();
  const server = settings.url("server", allowPrivate);
  const token = settings.text("token");
  if (token === null) settings.problem("token", "is missing: it is the access token of the user that writes");
  const room = readRoom(settings);
  const mention = readMention(settings);
  const errors = settings.finish();
  if (server === null || token === null || room === null || errors.length > 0) return { ok: false, errors };

  const post = createPoster({ allowPrivate, now, lookup, timeoutMs });
  const headers = { "content-type": "application/json", authorization: `Bearer ${token}` };
  const send = async (message: WebhookBody, signal: AbortSignal, receipt?: string | null): Promise<SendOutcome> => {
    const isAcknowledgement = message.type === "incident.acknowledged";
    const changes = isAcknowledgement || message.type === "incident.updated";
    const edits = changes && receipt?.startsWith("$") === true ? receipt : null;
    // Said only in what stands there already: a message of its own would be one more to read.
    if (isAcknowledgement && edits === null) return { sent: true };
    const url = sendUrl(server, room, message.id);
    const body = renderMatrix(message, mention, edits);
    const { answer, ...outcome } = await post({ method: "PUT", url, headers, body, signal });
    const judged = judge({ host: server.host, token, outcome, answer });
    // An edit is an event of its own, but the next edit must name the first event again.
    return judged.sent && edits !== null ? { sent: true, receipt: edits } : judged;
  };
  return { ok: true, channel: { name, send, canUpdate: true, hearsAcknowledgements: true } };
}

/** The same message has the same transaction: a server that has it already answers with the first event again. */
function sendUrl(server: URL, room: string, id: string): URL {
  const transaction = createHash("sha256").update(id).digest("hex").slice(0, 40);
  const url = new URL(server);
  const base = server.pathname.replace(/\/+$/, "");
  url.pathname = `${base}/_matrix/client/v3/rooms/${encodeURIComponent(room)}/send/m.room.message/${transaction}`;
  return url;
}

function readRoom(settings: ConfigReader): string | null {
  const room = settings.text("room");
  if (room !== null && /^![^\s/]{1,254}$/.test(room)) return room;
  settings.problem(
    "room",
    'must be the id of a room, such as "!abc:example.org": Element shows it under Settings, Advanced',
  );
  return null;
}

function readMention(settings: ConfigReader): string | null {
  const mention = settings.text("mention");
  if (mention === null || mention === "@room" || /^@[^\s:]+:\S+$/.test(mention)) return mention;
  settings.problem("mention", 'must be "@room" or a whole user id such as "@alex:example.org"');
  return null;
}

function judge({ host, token, outcome, answer }: Tried & { readonly token: string }): SendOutcome {
  if (answer === undefined) return outcome;
  const { event_id: event, errcode, error: words, retry_after_ms: waitMs } = answerFields(answer);
  if (outcome.sent) {
    if (typeof event === "string") return { sent: true, receipt: event.slice(0, 300) };
    const error = `${host} answered ${answer.status}, but not with an event: ${answer.said || "nothing"}`;
    return { sent: false, retry: true, error };
  }
  if (typeof errcode !== "string") return outcome;
  const said = typeof words === "string" ? quote(words, [token], 200) : "";
  const hint = hints.get(errcode);
  const error = `${host} answered ${answer.status}: ${oneLine(errcode).slice(0, 80)} ${said.replace(/\.$/, "")}`.trim();
  return {
    ...outcome,
    error: hint === undefined ? error : `${error}. ${hint}`,
    ...(outcome.retry ? waitOf(typeof waitMs === "number" ? waitMs / 1_000 : null, outcome.retryAfterMs) : {}),
  };
}

const hints: ReadonlyMap<string, string> = new Map([
  ["M_UNKNOWN_TOKEN", "The `token` is wrong or was logged out: log in again and take the new one"],
  ["M_MISSING_TOKEN", "The `token` did not arrive: does something between here and the server take out headers?"],
  ["M_FORBIDDEN", "The user may not write there: invite it into the room, and let it accept"],
  ["M_NOT_FOUND", "Look at `room`: the server does not know it"],
  ["M_UNRECOGNIZED", "Look at `server`: is that the address of the homeserver itself?"],
]);
