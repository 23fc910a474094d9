import { X509Certificate } from "node:crypto";
import { readFileSync } from "node:fs";
import { isIP } from "node:net";
import { domainToASCII } from "node:url";
import { readConfig, wrongWithHost, type ConfigReader } from "../channel-config.ts";
import type { ChannelConfigError } from "../channel.ts";
import { isNearAddress, type AllowPrivate } from "../outgoing/public-address.ts";
import { parseMailbox, type Mailbox } from "./mailbox.ts";

export interface EmailSettings {
  readonly host: string;
  readonly port: number;
  readonly tls: TlsMode;
  readonly login: { readonly user: string; readonly password: string } | null;
  readonly from: Mailbox;
  /** At least one; no address twice. */
  readonly to: readonly Mailbox[];
  readonly allowPrivate: AllowPrivate;
  /** PEM of who may vouch for the server, instead of those that Node.js trusts; null for those. */
  readonly ca: string | null;
}

export type TlsMode = keyof typeof usualPorts;

const usualPorts = { starttls: 587, implicit: 465, none: 25 } as const;
/** Every recipient is one more that can be refused; whoever has more uses a list's address. */
const maxRecipients = 50;

export type EmailSettingsResult =
  | { readonly ok: true; readonly settings: EmailSettings }
  | { readonly ok: false; readonly errors: readonly ChannelConfigError[] };

export function readEmailSettings(channel: string, config: Readonly<Record<string, unknown>>): EmailSettingsResult {
  const reader = readConfig(channel, config);
  const allowPrivate = reader.allowPrivate();
  const host = readHost(reader, allowPrivate);
  const tls = readTls(reader, host, allowPrivate);
  const port = readPort(reader, tls);
  const login = readLogin(reader);
  const from = readFrom(reader);
  const to = readTo(reader);
  const ca = readCa(reader);
  const errors = reader.finish();
  if (host === null || tls === null || from === null || errors.length > 0) return { ok: false, errors };
  return { ok: true, settings: { host, port, tls, login, from, to, allowPrivate, ca } };
}

function readHost(reader: ConfigReader, allowPrivate: AllowPrivate): string | null {
  const given = reader.text("host");
  const host = given === null || isIP(given) !== 0 ? given : domainToASCII(given);
  // Nothing that could be more than a name: a port, a path, a user.
  if (host === null || (isIP(host) === 0 && !/^[a-z0-9_-]+(?:\.[a-z0-9_-]+)*\.?$/i.test(host))) {
    reader.problem("host", 'must be the name or address of a mail server, such as "smtp.example.org"');
    return null;
  }
  const wrong = wrongWithHost(host, allowPrivate);
  if (wrong === null) return host;
  reader.problem("host", wrong);
  return null;
}

function readTls(reader: ConfigReader, host: string | null, allowPrivate: AllowPrivate): TlsMode | null {
  const value = reader.raw("tls") ?? "starttls";
  if (value !== "starttls" && value !== "implicit" && value !== "none") {
    reader.problem("tls", "must be starttls, implicit, or none");
    return null;
  }
  if (value === "none" && (allowPrivate === false || (host !== null && isIP(host) !== 0 && !isNearAddress(host)))) {
    reader.problem(
      "tls",
      'is none, which is only for a mail server on this machine or a private network: add "allow_private: true", or use starttls',
    );
    return null;
  }
  return value;
}

function readPort(reader: ConfigReader, tls: TlsMode | null): number {
  const usual = usualPorts[tls ?? "starttls"];
  const port = reader.raw("port") ?? usual;
  if (typeof port !== "number" || !Number.isInteger(port) || port < 1 || port > 65_535) {
    reader.problem("port", "must be a whole number from 1 to 65535");
    return usual;
  }
  if (port === usualPorts.implicit && tls === "starttls") {
    reader.problem("port", "is 465, where TLS begins with the first byte: add `tls: implicit`, or use port 587");
  }
  return port;
}

function readLogin(reader: ConfigReader): EmailSettings["login"] {
  const user = reader.text("user");
  const password = reader.text("password");
  if (user !== null && password === null) reader.problem("password", "is missing, though there is a user");
  if (user === null && password !== null) reader.problem("user", "is missing, though there is a password");
  return user === null || password === null ? null : { user, password };
}

function readFrom(reader: ConfigReader): Mailbox | null {
  const text = reader.text("from");
  const from = text === null ? null : parseMailbox(text);
  if (from === null) {
    reader.problem("from", 'must be one address, such as "alerts@example.org" or "Midwatch <alerts@example.org>"');
  }
  return from;
}

function readTo(reader: ConfigReader): readonly Mailbox[] {
  const value = reader.raw("to");
  const list: readonly unknown[] = Array.isArray(value) ? value : [value];
  const byAddress = new Map<string, Mailbox>();
  for (const one of list) {
    const mailbox = typeof one === "string" ? parseMailbox(one) : null;
    if (mailbox === null) {
      reader.problem("to", 'must be an address, or a list such as ["ada@example.org", "ops@example.org"]');
      return [];
    }
    byAddress.set(mailbox.address, mailbox);
  }
  if (byAddress.size < 1 || byAddress.size > maxRecipients) {
    reader.problem("to", `must have from 1 to ${maxRecipients} addresses; for more, use the address of a mailing list`);
  }
  return [...byAddress.values()];
}

/** Read now and not with each message, so that a wrong file is found while somebody is looking. */
function readCa(reader: ConfigReader): string | null {
  const value = reader.text("ca");
  if (value === null) return null;
  try {
    const pem = value.includes("-----BEGIN") ? value : readFileSync(value, "utf8");
    new X509Certificate(pem);
    return pem;
  } catch {
    // Which of the two it was is told by looking at the file; the value itself may be a whole certificate.
    reader.problem("ca", "must be a PEM certificate, or the path of a file with one that Midwatch may read");
    return null;
  }
}
