import { Agent, errors, request } from "undici";
import { SECOND, type Ms } from "@midwatch/core";
import { clipBytes, oneLine } from "../../message-text.ts";
import { interrupted, type SendOutcome } from "../channel.ts";
import { guardedConnector } from "./guarded-connector.ts";
import { privateAddressWords } from "./guarded-lookup.ts";
import type { Answer, Poster, PosterOptions } from "./post.ts";
import { retryAfter } from "./retry-after.ts";
import { withoutSecrets } from "./service-answer.ts";

/** What is read of an answer. Discord and Telegram repeat the whole message around the id that is wanted. */
const maxAnswerBytes = 131_072;

/** Shorter parts of an address are words, such as "services". */
const minSecretLength = 12;

/**
 * Posts to one channel's address. Every try opens a connection of its own: notifications are rare, and a connection kept open would
 * outlive the check of its address. Redirects are not followed, so there is no second address to check.
 */
export function openPoster(options: PosterOptions): Poster {
  const timeoutMs = options.timeoutMs ?? 10 * SECOND;
  const dispatcher = new Agent({ pipelining: 0, connect: guardedConnector({ ...options, timeoutMs }) });
  return async ({ method = "POST", url, headers, body, signal, secrets = [] }) => {
    const deadline = AbortSignal.timeout(timeoutMs);
    try {
      const response = await request(url, {
        method,
        headers: { "user-agent": "midwatch", ...headers },
        body: method === "GET" ? null : body,
        dispatcher,
        signal: AbortSignal.any([signal, deadline]),
      });
      const wait = response.headers["retry-after"];
      const answered = await readStart(response.body);
      const isPacked = response.headers["content-encoding"] !== undefined;
      const answer: Answer = {
        status: response.statusCode,
        body: answered,
        // It was not asked for and is not unpacked: a small answer can hold a very large one.
        said: isPacked ? "" : firstWords(answered, [...secretsOf(url, headers), ...secrets]),
        retryAfter: typeof wait === "string" ? wait : null,
      };
      return { ...judge(url.host, answer, options.now()), answer };
    } catch (error) {
      if (signal.aborted) return interrupted;
      if (deadline.aborted) {
        return { sent: false, retry: true, error: `${url.host} did not answer within ${timeoutMs / SECOND} s` };
      }
      return failure(url.host, error);
    }
  };
}

/** Reads no more than is wanted and lets the rest go; an answer without end must not be waited for. */
async function readStart(body: AsyncIterable<Buffer> & { destroy(): unknown }): Promise<string> {
  const chunks: Buffer[] = [];
  let bytes = 0;
  for await (const chunk of body) {
    chunks.push(chunk);
    bytes += chunk.length;
    // Leaving the loop destroys the stream, and with it the connection.
    if (bytes >= maxAnswerBytes) break;
  }
  return Buffer.concat(chunks).subarray(0, maxAnswerBytes).toString("utf8");
}

function judge(host: string, answer: Answer, now: Ms): SendOutcome {
  const { status, said } = answer;
  if (status >= 200 && status < 300) return { sent: true };
  const error = `${host} answered ${status}${said === "" ? "" : `: ${said}`}`;
  if (status >= 300 && status < 400) {
    return { sent: false, retry: false, error: `${error} (a redirect, which is not followed; write the final URL)` };
  }
  // 408, 425 and 429 say "later"; every other 4xx says that this request will never do.
  const retry = status >= 500 || status === 408 || status === 425 || status === 429;
  const wait = retryAfter(answer.retryAfter, now);
  return { sent: false, retry, error, ...(wait !== null && retry ? { retryAfterMs: wait } : {}) };
}

function firstWords(body: string, secrets: readonly string[]): string {
  // Before it is cut, so that no half of a key stays.
  return oneLine(clipBytes(withoutSecrets(body, secrets), 300));
}

/**
 * Long parts of an address and the values of its headers. Many a server repeats the path that it does not know, and with a webhook or
 * a bot the path is the key.
 */
function secretsOf(url: URL, headers: Readonly<Record<string, string>>): readonly string[] {
  const authorization = headers["authorization"]?.split(" ") ?? [];
  // As they are sent, and as a server may have decoded them.
  const query = [...url.search.split(/[?&=]/), ...url.searchParams.values()];
  return [...url.pathname.split("/"), ...query, ...authorization].filter((part) => part.length >= minSecretLength);
}

function failure(host: string, error: unknown): SendOutcome {
  const code = codeOf(error);
  if (code === "private_address") {
    return { sent: false, retry: false, error: privateAddressWords(host) };
  }
  return { sent: false, retry: true, error: `${host} ${reasons.get(code) ?? `could not be reached (${code})`}` };
}

const ownAuthority = "If it is meant, name the authority's file in NODE_EXTRA_CA_CERTS and start Midwatch again";

const reasons: ReadonlyMap<string, string> = new Map([
  ["ECONNREFUSED", "refuses connections: is it running?"],
  ["ECONNRESET", "broke the connection before it answered"],
  ["UND_ERR_SOCKET", "broke the connection before it answered"],
  ["ENOTFOUND", "has no address: is the name right, and DNS working?"],
  ["EAI_AGAIN", "could not be looked up: DNS does not answer"],
  ["UND_ERR_CONNECT_TIMEOUT", "took too long to connect"],
  ["CERT_HAS_EXPIRED", "has an expired certificate"],
  ["DEPTH_ZERO_SELF_SIGNED_CERT", `has a certificate that it signed itself. ${ownAuthority}`],
  ["SELF_SIGNED_CERT_IN_CHAIN", `has a certificate of an authority that is unknown here. ${ownAuthority}`],
  ["UNABLE_TO_GET_ISSUER_CERT_LOCALLY", `has a certificate of an authority that is unknown here. ${ownAuthority}`],
  ["UNABLE_TO_VERIFY_LEAF_SIGNATURE", "sends its certificate without those in between that vouch for it"],
  ["ERR_TLS_CERT_ALTNAME_INVALID", "has a certificate for another name: is the address right?"],
  ["ERR_SSL_WRONG_VERSION_NUMBER", "does not speak TLS there: should the address begin with http://?"],
  ["ERR_SSL_PACKET_LENGTH_TOO_LONG", "does not speak TLS there: should the address begin with http://?"],
  ["HTTPParserError", "does not speak HTTP there: is the port right?"],
]);

/** The stable code of what went wrong, looked for in the causes and, where several addresses failed, in the first of them. */
function codeOf(error: unknown): string {
  for (let at: unknown = error, depth = 0; at instanceof Error && depth < 5; depth += 1) {
    // Its codes name the place in the parser, which tells nobody anything.
    if (at instanceof errors.HTTPParserError) return at.name;
    if ("code" in at && typeof at.code === "string") return at.code;
    at = at instanceof AggregateError ? at.errors[0] : at.cause;
  }
  return error instanceof errors.UndiciError ? error.name : "unknown error";
}
