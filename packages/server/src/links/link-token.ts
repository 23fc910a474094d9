// What a link may do, written into the link and signed, so that nothing has to be remembered of links that nobody uses:
// `v1.<what, as JSON in base64url>.<HMAC-SHA-256>`.

import { createHmac, timingSafeEqual } from "node:crypto";
import type { Ms } from "@midwatch/core";
import type { MessageAction } from "@midwatch/protocol";

export type LinkAction = MessageAction["action"];

/** One thing that may be done, about one thing, until then. */
export interface LinkGrant {
  readonly action: LinkAction;
  /** `inc_42`, an incident; `grp_…`, what is told of together; `budget:install`, a budget that agents share. */
  readonly about: string;
  /** Null where it is not about one agent. */
  readonly agent: string | null;
  /** The message it stands in, and where that was sent. */
  readonly message: string;
  readonly channel: string;
  /** Whole seconds. */
  readonly until: Ms;
}

export type OpenedLink =
  { readonly ok: true; readonly grant: LinkGrant } | { readonly ok: false; readonly why: "forged" | "expired" };

const version = "v1";

export function sealLink(key: Buffer, { action, about, agent, message, channel, until }: LinkGrant): string {
  const what = JSON.stringify([action, about, agent, message, channel, Math.floor(until / 1_000)]);
  const signed = `${version}.${Buffer.from(what).toString("base64url")}`;
  return `${signed}.${sign(key, signed).toString("base64url")}`;
}

export function openLink(key: Buffer, token: string, now: Ms): OpenedLink {
  const end = token.lastIndexOf(".");
  const signed = token.slice(0, Math.max(0, end));
  if (!signed.startsWith(`${version}.`) || !isSignature(token.slice(end + 1), sign(key, signed))) {
    return { ok: false, why: "forged" };
  }
  // Only `sealLink` signs, so it has its shape.
  const what = JSON.parse(Buffer.from(signed.slice(version.length + 1), "base64url").toString()) as [
    LinkAction,
    string,
    string | null,
    string,
    string,
    number,
  ];
  const [action, about, agent, message, channel, untilS] = what;
  const until = untilS * 1_000;
  return now < until
    ? { ok: true, grant: { action, about, agent, message, channel, until } }
    : { ok: false, why: "expired" };
}

/** The same message in two channels has two links for one thing, which is done once. */
export function useOf({ message, action }: LinkGrant): string {
  return `${message}:${action}`;
}

function sign(key: Buffer, text: string): Buffer {
  return createHmac("sha256", key).update(text).digest();
}

function isSignature(text: string, expected: Buffer): boolean {
  const given = Buffer.from(text, "base64url");
  // Another spelling of the same bytes is another text, and nobody made it.
  return given.length === expected.length && timingSafeEqual(given, expected) && given.toString("base64url") === text;
}
