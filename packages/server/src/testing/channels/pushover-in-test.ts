import type { Received } from "../loopback-receiver.ts";
import { startStandIn, type StandIn, type StandInAnswer } from "./stand-in.ts";

export const pushoverToken = "azGDORePK8gMaC0QOYAMyEEuzJnyUi";
export const pushoverUser = "uQiRzpo4DXghDmr9QzzfQu27cmVRsG";

export interface PushoverInTest extends StandIn {
  readonly server: string;
  readonly messages: Readonly<Record<string, string>>[];
  /** Emergencies that ring, by their receipt, with their tags. */
  readonly ringing: Map<string, readonly string[]>;
}

/** Pushover on the loopback, with one application and one user. */
export async function startPushover(): Promise<PushoverInTest> {
  const messages: Readonly<Record<string, string>>[] = [];
  const ringing = new Map<string, readonly string[]>();
  const standIn = await startStandIn((request) => answerTo(request, messages, ringing));
  return {
    ...standIn,
    server: `http://${standIn.host}`,
    messages,
    ringing,
  };
}

function answerTo(
  request: Received,
  messages: Readonly<Record<string, string>>[],
  ringing: Map<string, readonly string[]>,
): StandInAnswer {
  const fields = Object.fromEntries(new URLSearchParams(request.body));
  if (fields["token"] !== pushoverToken) return refusal("application token is invalid");
  const [, tag] = /^\/1\/receipts\/cancel_by_tag\/([\w-]+)\.json$/.exec(request.path) ?? [];
  if (tag !== undefined) {
    const called = [...ringing].filter(([, tags]) => tags.includes(tag)).map(([receipt]) => receipt);
    for (const receipt of called) ringing.delete(receipt);
    return yes({ canceled: called.length });
  }
  if (request.path !== "/1/messages.json") return { status: 404, body: "" };
  const wrong = wrongWith(fields);
  if (wrong !== null) return refusal(wrong);
  messages.push(fields);
  if (fields["priority"] !== "2") return yes({});
  const receipt = `receipt${String(messages.length).padStart(23, "0")}`;
  ringing.set(receipt, fields["tags"]?.split(",") ?? []);
  return yes({ receipt });
}

function wrongWith(fields: Readonly<Record<string, string>>): string | null {
  const length = (name: string): number => Array.from(fields[name] ?? "").length;
  if (fields["user"] !== pushoverUser) return "user identifier is not a valid user, group, or subscribed user key";
  if (
    fields["device"] !== undefined &&
    !fields["device"].split(",").every((one) => one === "phone" || one === "tablet")
  )
    return "device name is not valid for user";
  if (length("message") === 0) return "message cannot be blank";
  if (length("message") > 1_024) return "message is too long";
  if (length("title") > 250) return "title is too long";
  if (length("url") > 512) return "url is too long";
  if (length("url_title") > 100) return "url title is too long";
  if (!/^-?[0-2]$/.test(fields["priority"] ?? "0")) return "priority is invalid";
  if (fields["priority"] !== "2") return null;
  if (Number(fields["retry"] ?? 0) < 30) return "retry must be at least 30 seconds";
  const expire = Number(fields["expire"] ?? 0);
  return expire > 0 && expire <= 10_800 ? null : "expire must be at most 10800 seconds";
}

function yes(fields: object): StandInAnswer {
  return {
    status: 200,
    body: JSON.stringify({ ...fields, status: 1, request: "647d2300-702c-4b38-8b2f-d56326ae460b" }),
  };
}

/** What Pushover says no with. */
export function refusal(error: string, status = 400): StandInAnswer {
  const request = "5042853c-402d-4a18-abcb-168734a801de";
  return { status, body: JSON.stringify({ errors: [error], status: 0, request }) };
}
