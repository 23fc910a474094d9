import { request as httpRequest, type IncomingMessage } from "node:http";
import { request as httpsRequest } from "node:https";
import { describeError, MeterError } from "../failure.ts";

export interface ServerAddress {
  /** Asked anew for each call where it may change. */
  readonly url: string | (() => string);
  readonly key: string;
}

export interface ServerCall {
  /** With a slash in front. */
  readonly path: string;
  /** Null asks with GET. */
  readonly body: unknown;
  readonly limitMs: number;
  readonly signal?: AbortSignal;
  /** Another key than the meter's own. */
  readonly key?: string;
}

/** More than any answer of a server of ours. */
const maxAnswerBytes = 16 * 2 ** 20;

/** Asks the server. Rejects with `server_unreachable` (retryable) or `server_refused`. */
export async function callServer(server: ServerAddress, call: ServerCall): Promise<unknown> {
  const base = (typeof server.url === "string" ? server.url : server.url()).replace(/\/+$/, "");
  const { status, text } = await send(new URL(`${base}${call.path}`), server, call).catch((cause: unknown) => {
    const message = `the server at ${base} cannot be reached: ${describeError(cause)}`;
    throw new MeterError("server_unreachable", message, { cause, retryable: true });
  });
  const answer = parsed(text);
  if (status >= 200 && status < 300) return answer;
  const said = messageOf(answer) ?? text.slice(0, 200);
  const message = `the server at ${base} answered ${status}${said === "" ? "" : `: ${said.replace(/\.$/, "")}`}`;
  if (status >= 500 || status === 429 || status === 408)
    throw new MeterError("server_unreachable", message, { retryable: true });
  throw new MeterError(
    "server_refused",
    `${message}. Check the server's address, its version and the key (scope ingest)`,
  );
}

async function send(
  url: URL,
  server: ServerAddress,
  { body, limitMs, signal, key }: ServerCall,
): Promise<{ readonly status: number; readonly text: string }> {
  const content = body === null ? null : JSON.stringify(body);
  const limit = AbortSignal.timeout(limitMs);
  const { promise, resolve, reject } = Promise.withResolvers<{ status: number; text: string }>();
  const options = {
    method: content === null ? "GET" : "POST",
    headers: {
      authorization: `Bearer ${key ?? server.key}`,
      ...(content === null
        ? {}
        : { "content-type": "application/json", "content-length": String(Buffer.byteLength(content)) }),
    },
    signal: signal === undefined ? limit : AbortSignal.any([signal, limit]),
  };
  const onAnswer = (answer: IncomingMessage): void => {
    readText(answer).then((text) => resolve({ status: answer.statusCode ?? 0, text }), reject);
  };
  const request =
    url.protocol === "https:" ? httpsRequest(url, options, onAnswer) : httpRequest(url, options, onAnswer);
  request.on("error", reject);
  request.end(content ?? undefined);
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

function parsed(text: string): unknown {
  try {
    return text === "" ? null : JSON.parse(text);
  } catch {
    // Some proxy's page: not an answer of the server.
    return null;
  }
}

function messageOf(answer: unknown): string | null {
  if (typeof answer !== "object" || answer === null || !("error" in answer)) return null;
  const { error } = answer;
  return typeof error === "object" && error !== null && "message" in error && typeof error.message === "string"
    ? error.message
    : null;
}
