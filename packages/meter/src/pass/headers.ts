// Headers go on as they came, in their order and spelling. Left out are those of one connection only, which have a meaning between two
// neighbours and not beyond (RFC 9110, 7.6.1).

import type { IncomingMessage } from "node:http";

const hopByHop = new Set([
  "connection",
  "keep-alive",
  "proxy-authenticate",
  "proxy-authorization",
  "proxy-connection",
  "te",
  "transfer-encoding",
  "upgrade",
]);

/** Of a message, as a flat list of names and values, without those of one connection and without `more`. */
export function endToEnd(message: IncomingMessage, more: readonly string[] = []): string[] {
  const { rawHeaders } = message;
  const left = new Set([...namedByConnection(message), ...more]);
  const kept: string[] = [];
  for (let at = 0; at + 1 < rawHeaders.length; at += 2) {
    const [name = "", value = ""] = rawHeaders.slice(at, at + 2);
    const lower = name.toLowerCase();
    if (!hopByHop.has(lower) && !left.has(lower)) kept.push(name, value);
  }
  return kept;
}

/** `Connection: close, X-Mine` makes `X-Mine` one of this connection, too. */
function namedByConnection({ headers }: IncomingMessage): string[] {
  return (headers.connection ?? "").split(",").map((name) => name.trim().toLowerCase());
}

/** Pairs of a flat list, as trailers are given to an answer. */
export function pairsOf(flat: readonly string[]): [string, string][] {
  const pairs: [string, string][] = [];
  for (let at = 0; at + 1 < flat.length; at += 2) pairs.push([flat[at] ?? "", flat[at + 1] ?? ""]);
  return pairs;
}
