import type { Received } from "../loopback-receiver.ts";
import { startStandIn, type StandIn, type StandInAnswer } from "./stand-in.ts";

export const matrixToken = "syt_bWlkd2F0Y2g_abcdefghijklmnop";
export const matrixRoom = "!kAuwzRoom:example.org";

export interface MatrixContent {
  readonly msgtype?: string;
  readonly body?: string;
  readonly format?: string;
  readonly formatted_body?: string;
  readonly "m.mentions"?: unknown;
  readonly "m.new_content"?: MatrixContent;
  readonly "m.relates_to"?: { readonly rel_type: string; readonly event_id: string };
}

export interface MatrixInTest extends StandIn {
  readonly server: string;
  /** The events of the room in their order. */
  readonly events: readonly { readonly id: string; readonly content: MatrixContent }[];
}

/** The one call of a Matrix homeserver that matters here, with one user and one room, and with its memory of transactions. */
export async function startMatrix(): Promise<MatrixInTest> {
  const events: { id: string; content: MatrixContent }[] = [];
  const transactions = new Map<string, string>();
  const standIn = await startStandIn((request) => answerTo(request, { events, transactions }), {
    "content-type": "application/json",
  });
  return {
    ...standIn,
    server: `http://${standIn.host}`,
    events,
  };
}

export function matrixError(status: number, errcode: string, error: string, more: object = {}): StandInAnswer {
  return { status, body: JSON.stringify({ errcode, error, ...more }) };
}

interface Room {
  readonly events: { id: string; content: MatrixContent }[];
  readonly transactions: Map<string, string>;
}

function answerTo(request: Received, { events, transactions }: Room): StandInAnswer {
  const [, room = "", transaction = ""] =
    /^\/_matrix\/client\/v3\/rooms\/([^/]+)\/send\/m\.room\.message\/([^/?]+)$/.exec(request.path) ?? [];
  if (room === "" || request.method !== "PUT") return matrixError(404, "M_UNRECOGNIZED", "Unrecognized request");
  if (request.headers.authorization === undefined) return matrixError(401, "M_MISSING_TOKEN", "Missing access token");
  if (request.headers.authorization !== `Bearer ${matrixToken}`) {
    return matrixError(401, "M_UNKNOWN_TOKEN", "Invalid access token passed.", { soft_logout: false });
  }
  if (decodeURIComponent(room) !== matrixRoom) {
    return matrixError(403, "M_FORBIDDEN", `User @midwatch:example.org not in room ${decodeURIComponent(room)}`);
  }
  const before = transactions.get(transaction);
  if (before !== undefined) return { status: 200, body: JSON.stringify({ event_id: before }) };
  // An event has what servers add to it besides its content.
  if (Buffer.byteLength(request.body) > 65_536 - 2_000) return matrixError(413, "M_TOO_LARGE", "event too large");
  const content = JSON.parse(request.body) as MatrixContent;
  if (!isContent(content)) return matrixError(400, "M_BAD_JSON", "body or msgtype missing");
  const id = `$event-${events.length + 1}`;
  events.push({ id, content });
  transactions.set(transaction, id);
  return { status: 200, body: JSON.stringify({ event_id: id }) };
}

/** Only the tags that the specification lets clients show. */
function isContent({ msgtype, body, format, formatted_body: html = "" }: MatrixContent): boolean {
  const tags = [...html.matchAll(/<\/?([^\s>]*)/g)].map(([, tag = ""]) => tag);
  return (
    (msgtype === "m.text" || msgtype === "m.notice") &&
    typeof body === "string" &&
    format === "org.matrix.custom.html" &&
    tags.every((tag) => /^(?:strong|br|ul|li|pre|code|p|a)$/.test(tag))
  );
}
