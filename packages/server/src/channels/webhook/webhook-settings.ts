import { Webhook } from "standardwebhooks";
import type { ConfigReader } from "../channel-config.ts";
import { readTemplate, type WebhookTemplate } from "./webhook-template.ts";

export function readSecret(settings: ConfigReader): Webhook | null {
  const secret = settings.text("secret");
  if (secret === null) return null;
  if (!secret.startsWith("whsec_")) return new Webhook(Buffer.from(secret, "utf8"), { format: "raw" });
  try {
    return new Webhook(secret);
  } catch {
    // The library throws for anything that is not base64; its words would not help the person who pasted it.
    settings.problem("secret", `starts with "whsec_" but what follows is not base64; was it cut when it was copied?`);
    return null;
  }
}

export interface BodySettings {
  readonly contentType: string;
  readonly render: WebhookTemplate;
  /** What the template may hold of keys: its long words. */
  readonly secrets: readonly string[];
}

/** The message as it is, unless there is a `template`. */
export function readBody(settings: ConfigReader): BodySettings {
  const template = settings.text("template");
  const contentType = settings.text("content_type") ?? "application/json";
  const plain = { contentType: "application/json", render: JSON.stringify, secrets: [] };
  if (!/^[\w.+-]+\/[\w.+-]+(?:\s*;[\x20-\x7e]*)?$/.test(contentType)) {
    settings.problem("content_type", 'must be a media type such as "text/plain; charset=utf-8"');
    return plain;
  }
  if (template === null) {
    if (settings.has("content_type"))
      settings.problem("content_type", "is for a `template`; without one the body is JSON");
    return plain;
  }
  const read = readTemplate(template, /[/+]json\b/i.test(contentType));
  if (read.ok) return { contentType, render: read.render, secrets: template.match(/[\w.~+/=-]{16,}/g) ?? [] };
  settings.problem("template", read.wrong);
  return plain;
}

/** Set by Midwatch or by the connection. */
const taken =
  /^(?:content-type|content-length|transfer-encoding|connection|keep-alive|upgrade|expect|host|webhook-(?:id|timestamp|signature))$/;

/** Names in small letters. The values may be keys, and are not repeated. */
export function readHeaders(settings: ConfigReader): Readonly<Record<string, string>> {
  const given = Object.entries(settings.named("headers") ?? {});
  for (const [name, value] of given) {
    const field = `headers.${name.slice(0, 60)}`;
    if (!/^[\w!#$%&'*+.^`|~-]{1,100}$/.test(name)) settings.problem(field, "is no name of a header");
    else if (taken.test(name.toLowerCase())) settings.problem(field, "is set by Midwatch itself");
    if (!/^[\t\x20-\x7e\x80-\xff]{0,8000}$/.test(value)) settings.problem(field, "holds what a header can't hold");
  }
  return Object.fromEntries(given.map(([name, value]) => [name.toLowerCase(), value]));
}

/** The parts of headers that are long enough to be keys. */
export function secretsIn(headers: Readonly<Record<string, string>>): readonly string[] {
  return Object.values(headers).flatMap((value) => [value, ...value.split(/\s+/)].filter((part) => part.length >= 8));
}
