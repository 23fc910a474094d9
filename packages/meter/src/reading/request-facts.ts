import type { IncomingHttpHeaders } from "node:http";
import { METER_LIMITS } from "@midwatch/protocol";
import { jsonDigest } from "@midwatch/protocol";
import { isObject, objectIn, textIn, type JsonObject } from "./json.ts";

/** What a request says that has to be known when its answer comes. None of its words are kept. */
export interface RequestFacts {
  readonly model: string | null;
  /** Characters of what was asked, for the guess when no usage comes. */
  readonly textLength: number;
  /** The very same request again has the same one. */
  readonly promptHash: string | null;
  readonly session: string | null;
}

export const nothingKnown: RequestFacts = { model: null, textLength: 0, promptHash: null, session: null };

/** What makes a request what it is. Left out are limits, temperature and whatever a client numbers its requests with. */
const asked = [
  "model",
  "messages",
  "input",
  "prompt",
  "contents",
  "content",
  "system",
  "instructions",
  "systemInstruction",
  "system_instruction",
  "previous_response_id",
  "conversation",
] as const;

/** Pictures and the like are long and are not counted by their length. */
const notText = new Set(["data", "url", "image_url", "file_data", "images", "signature", "encrypted_content", "id"]);

const sessionHeaders = ["x-claude-code-session-id", "session_id", "session-id", "x-session-id", "conversation_id"];

export function factsOf(body: JsonObject, headers: IncomingHttpHeaders): RequestFacts {
  const picked = Object.fromEntries(asked.filter((name) => name in body).map((name) => [name, body[name]]));
  const { model, ...words } = picked;
  return {
    model: textIn(model, METER_LIMITS.nameLength),
    textLength: lengthOf(words) + lengthOf(body["tools"]),
    promptHash: Object.keys(words).length === 0 ? null : jsonDigest(picked),
    session: sessionOf(body, headers),
  };
}

function sessionOf(body: JsonObject, headers: IncomingHttpHeaders): string | null {
  for (const name of sessionHeaders) {
    const said = textIn(headers[name], METER_LIMITS.sessionLength);
    if (said !== null) return said;
  }
  const { conversation } = body;
  const named = isObject(conversation) ? conversation["id"] : conversation;
  return (
    textIn(named, METER_LIMITS.sessionLength) ??
    textIn(objectIn(body["metadata"])["session_id"], METER_LIMITS.sessionLength)
  );
}

/** Characters in all texts of a value. Walks without recursion: the sender chose how deep it is. */
function lengthOf(value: unknown): number {
  let length = 0;
  const left: unknown[] = [value];
  while (left.length > 0) {
    const one = left.pop();
    if (typeof one === "string") length += one.length;
    else if (Array.isArray(one)) for (const item of one as unknown[]) left.push(item);
    else if (isObject(one)) for (const name of Object.keys(one)) if (!notText.has(name)) left.push(one[name]);
  }
  return length;
}
