import { oneLine } from "../../message-text.ts";
import type { SendOutcome } from "../channel.ts";
import { privateAddressWords } from "../outgoing/guarded-lookup.ts";
import { withoutSecrets } from "../outgoing/service-answer.ts";
import type { EmailSettings } from "./email-settings.ts";

/*
 * What went wrong with a mail, for a person: who said what, and what to do. A reply of 5xx is final. Everything the server did not
 * judge itself is tried again, a bad certificate too: it may be an attack that passes, and a page must not be lost to it.
 */

/** Of a reply; providers like to add a link to a page that explains, and it should be in. */
const maxReplyLength = 300;

export type Failed = Extract<SendOutcome, { sent: false }>;
type Server = Pick<EmailSettings, "host" | "port" | "login">;

/** The name led to the internet, where this channel's `tls: none` may not go. */
export class PlainTextAbroadError extends Error {
  override readonly name = "PlainTextAbroadError";
  readonly code = "plain_text_abroad";
  readonly retryable = false;
}

export function failureOf(error: unknown, server: Server): Failed {
  const { code, cause, reply, replyCode, command } = fieldsOf(error);
  const { host } = server;
  if (code === "private_address") return final(privateAddressWords(host));
  if (code === "plain_text_abroad") {
    return final(
      `${host} leads to the internet, where no mail goes without TLS: remove \`tls: none\` from this channel`,
    );
  }
  if (reply !== null) return answered({ code, reply, replyCode, command }, server);
  if (code === "EMESSAGE") return final(`${host} takes no mail of this size`);
  const words = certificateWords.get(cause) ?? connectionWords.get(cause) ?? connectionWords.get(code);
  return later(`${at(server)} ${words ?? `could not be talked to (${cause || code || "unknown error"})`}`);
}

/** A server's reply on one line without its repeated codes, shortened; with no user and no password in it. */
export function replyWords(reply: string, { login }: Pick<Server, "login">): string {
  const secrets = login === null ? [] : secretsOf(login);
  // Before it is cut, so that no half of a password stays.
  const line = oneLine(withoutSecrets(reply, secrets).replaceAll(/\r?\n\d{3}[ -]?(?:\d\.\d{1,3}\.\d{1,3} )?/g, " "));
  return line.length <= maxReplyLength ? line : `${line.slice(0, maxReplyLength).toWellFormed()}…`;
}

interface Reply {
  readonly code: string;
  readonly reply: string;
  readonly replyCode: number;
  readonly command: string;
}

function answered({ code, reply, replyCode, command }: Reply, server: Server): Failed {
  const words = `${server.host} answered ${replyWords(reply, server)}`;
  if (command === "STARTTLS" || (command === "EHLO" && replyCode >= 500)) {
    return later(
      `${words}. It does not offer STARTTLS, so nothing was sent. If that is its way, use \`tls: implicit\` and port 465; if it offered it before, somebody may be in between`,
    );
  }
  const retry = replyCode < 500;
  if (code !== "EAUTH") return retry ? later(words) : final(words);
  const hint = "Look at `user` and `password`; many providers want a password made for one application";
  return retry ? later(words) : final(`${words}. ${hint}`);
}

function final(error: string): Failed {
  return { sent: false, retry: false, error };
}

function later(error: string): Failed {
  return { sent: false, retry: true, error };
}

function at({ host, port }: Server): string {
  return `${host}:${port}`;
}

/** As they are sent, and as a server may repeat them. Shorter ones are words, and would only tear holes into the reply. */
function secretsOf({ user, password }: { readonly user: string; readonly password: string }): readonly string[] {
  const base64 = (text: string): string => Buffer.from(text).toString("base64");
  return [base64(`\0${user}\0${password}`), base64(password), base64(user), password, user].filter(
    (secret) => secret.length > 2,
  );
}

interface FailureFields {
  readonly code: string;
  /** The code of the system or of TLS that lies below nodemailer's own. */
  readonly cause: string;
  readonly reply: string | null;
  readonly replyCode: number;
  readonly command: string;
}

function fieldsOf(error: unknown): FailureFields {
  // Where several addresses were tried, the first failure speaks for all.
  const first: unknown = error instanceof AggregateError ? error.errors[0] : error;
  const fields: Readonly<Record<string, unknown>> = typeof first === "object" && first !== null ? { ...first } : {};
  const text = (name: string): string => (typeof fields[name] === "string" ? fields[name] : "");
  return {
    code: text("code"),
    cause: text("originalCode"),
    reply: text("response") === "" ? null : text("response"),
    replyCode: typeof fields["responseCode"] === "number" ? fields["responseCode"] : 0,
    command: text("command"),
  };
}

const nobodyVouches =
  "has a certificate that nobody vouches for, so nothing was sent. If it is from an authority of your own, name its certificate under `ca`";

const certificateWords: ReadonlyMap<string, string> = new Map([
  ["DEPTH_ZERO_SELF_SIGNED_CERT", nobodyVouches],
  ["SELF_SIGNED_CERT_IN_CHAIN", nobodyVouches],
  ["UNABLE_TO_VERIFY_LEAF_SIGNATURE", nobodyVouches],
  ["UNABLE_TO_GET_ISSUER_CERT", nobodyVouches],
  ["UNABLE_TO_GET_ISSUER_CERT_LOCALLY", nobodyVouches],
  ["CERT_SIGNATURE_FAILURE", nobodyVouches],
  ["CERT_HAS_EXPIRED", "has an expired certificate, so nothing was sent: it has to be renewed there"],
  ["CERT_NOT_YET_VALID", "has a certificate of the future, so nothing was sent: is the clock of this machine right?"],
  [
    "ERR_TLS_CERT_ALTNAME_INVALID",
    "has a certificate for another name, so nothing was sent: write the name that is in it as `host`",
  ],
  [
    "ERR_SSL_WRONG_VERSION_NUMBER",
    "does not begin with TLS: use `tls: starttls` and port 587, or port 465 with `tls: implicit`",
  ],
]);

const connectionWords: ReadonlyMap<string, string> = new Map([
  ["ECONNREFUSED", "refuses connections: is `port` right, and the server running?"],
  ["EHOSTUNREACH", "cannot be reached from here"],
  ["ENETUNREACH", "cannot be reached from here"],
  ["ENOTFOUND", "has no address: is `host` right, and DNS working?"],
  ["EAI_AGAIN", "could not be looked up: DNS does not answer"],
  ["ETIMEDOUT", "took too long to answer"],
  ["ECONNRESET", "broke the connection before it took the message"],
  ["EPIPE", "broke the connection before it took the message"],
  ["ECONNECTION", "broke the connection before it took the message"],
  ["ETLS", "did not manage to agree on TLS, so nothing was sent"],
  ["EPROTOCOL", "does not answer like a mail server: is `port` right?"],
]);
