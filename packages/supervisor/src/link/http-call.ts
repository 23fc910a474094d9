// One request to the server. Node's own client, because `fetch` weighs 20 MB (measured) in a process that lives beside the
// agents for months and speaks to one server.

import type { ClientRequest, IncomingMessage, RequestOptions } from "node:http";
import { http } from "../node-http.ts";

export interface HttpCall {
  readonly method: "GET" | "POST";
  readonly headers: Readonly<Record<string, string>>;
  /** Null sends none. */
  readonly body: string | null;
  readonly signal: AbortSignal;
}

export interface HttpAnswer {
  readonly status: number;
  readonly text: string;
}

/** More than any answer of a server of ours. */
const maxAnswerBytes = 16 * 2 ** 20;

type Request = (url: URL, options: RequestOptions, onAnswer: (answer: IncomingMessage) => void) => ClientRequest;

/** Rejects with the system's error, or with the signal's reason. Redirects are answers like any other. */
export async function httpCall(url: URL, call: HttpCall): Promise<HttpAnswer> {
  // TLS is loaded only where it is spoken.
  const client: { readonly request: Request } =
    url.protocol === "https:" ? process.getBuiltinModule("node:https") : http;
  const { method, headers, body, signal } = call;
  const length = body === null ? {} : { "content-length": String(Buffer.byteLength(body)) };
  const { promise, resolve, reject } = Promise.withResolvers<HttpAnswer>();
  const request = client.request(url, { method, headers: { ...headers, ...length }, signal }, (answer) => {
    readText(answer).then((text) => resolve({ status: answer.statusCode ?? 0, text }), reject);
  });
  request.on("error", (error) => reject(asError(signal.aborted ? signal.reason : error)));
  request.end(body ?? undefined);
  return promise;
}

async function readText(answer: IncomingMessage): Promise<string> {
  const chunks: Buffer[] = [];
  let bytes = 0;
  for await (const chunk of answer as AsyncIterable<Buffer>) {
    bytes += chunk.length;
    if (bytes > maxAnswerBytes) throw new Error(`its answer is longer than ${maxAnswerBytes / 2 ** 20} MiB`);
    chunks.push(chunk);
  }
  return Buffer.concat(chunks).toString("utf8");
}

/** Where a name has several addresses, each has failed in its own way, and the whole says nothing: the first speaks for it. */
function asError(reason: unknown): Error {
  if (reason instanceof AggregateError && reason.errors.length > 0) return asError(reason.errors[0]);
  return reason instanceof Error ? reason : new Error(String(reason));
}
