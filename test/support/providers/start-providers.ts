/**
 * Stands where the providers of models would: a real HTTP server on loopback that speaks their APIs well enough for their
 * own clients, and remembers what it served. What a meter reports is compared with that, to the token.
 */

import { once } from "node:events";
import http from "node:http";
import type { AddressInfo } from "node:net";
import { json } from "node:stream/consumers";
import type { Cleanup } from "../cleanup.ts";
import { anthropic } from "./anthropic.ts";
import { answeringModel, wordsOf, type Dialect, type Fields, type ProviderName } from "./dialect.ts";
import { gemini } from "./gemini.ts";
import { knobsOf, type Knobs } from "./knobs.ts";
import { ollama } from "./ollama.ts";
import { openAiChat } from "./openai-chat.ts";
import { openAiResponses } from "./openai-responses.ts";
import { openRouter } from "./openrouter.ts";
import { sendStream, sendWhole, type Sending } from "./send-answer.ts";
import { addUsage, noUsage, usageOf, type ServedUsage } from "./served-usage.ts";

/** One call, as the provider would bill it. */
export interface ServedCall {
  readonly provider: ProviderName;
  /** The model as it was asked for, knobs and all. */
  readonly asked: string;
  /** As the answer names it. */
  readonly model: string;
  readonly usage: ServedUsage;
  /** `failed` was answered with 500 and costs nothing; `left`: the client went away first. */
  readonly ending: Sending | "failed";
  /** The usage was told in the answer. */
  readonly isTold: boolean;
}

/** All whole calls of one provider that told their usage. */
export interface Served extends ServedUsage {
  readonly calls: number;
}

export interface Providers {
  /** Addresses as each client wants them: `OPENAI_BASE_URL` ends in `/v1`, the others do not. */
  readonly urls: Readonly<Record<ProviderName, string>>;
  /** In the order in which they ended. */
  readonly calls: readonly ServedCall[];
  served(provider: ProviderName): Served;
  close(): Promise<void>;
}

const dialects: readonly Dialect[] = [openAiChat, openAiResponses, openRouter, anthropic, gemini, ollama];

/** Closed after the test when it is given one. */
export async function startProviders(t?: Cleanup): Promise<Providers> {
  const calls: ServedCall[] = [];
  const seen = new Set<string>();
  let asked = 0;
  const server = http.createServer((request, response) => {
    asked += 1;
    void serve(request, response, asked, seen).then((call) => {
      if (call !== null) calls.push(call);
    });
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  const root = `http://127.0.0.1:${String((server.address() as AddressInfo).port)}`;
  const close = async (): Promise<void> => {
    if (!server.listening) return;
    server.close();
    server.closeAllConnections();
    await once(server, "close");
  };
  t?.after(close);
  return {
    urls: {
      openai: `${root}/openai/v1`,
      openrouter: `${root}/openrouter/api/v1`,
      anthropic: `${root}/anthropic`,
      google: `${root}/google`,
      ollama: `${root}/ollama`,
    },
    calls,
    served: (provider) => {
      const whole = calls.filter((call) => call.provider === provider && call.ending === "whole" && call.isTold);
      return { calls: whole.length, ...whole.map(({ usage }) => usage).reduce(addUsage, noUsage) };
    },
    close,
  };
}

async function serve(
  request: http.IncomingMessage,
  response: http.ServerResponse,
  number: number,
  seen: Set<string>,
): Promise<ServedCall | null> {
  const body = await bodyOf(request);
  const { pathname } = new URL(request.url ?? "/", "http://127.0.0.1");
  const [, provider = "", path = ""] = /^\/([a-z]+)(\/.*)$/u.exec(pathname) ?? [];
  for (const dialect of dialects) {
    const ask = dialect.provider === provider ? dialect.ask(path, body) : null;
    if (ask === null) continue;
    const header = request.headers["x-stand-in"];
    const knobs = knobsOf(ask.model, typeof header === "string" ? header : undefined);
    const usage = usageOf(number, dialect.classes);
    const isTold = ask.wantsUsage && !knobs.isSilent;
    const call = { provider: dialect.provider, asked: ask.model, model: answeringModel(ask.model), usage, isTold };
    if (knobs.fails || (knobs.isFlaky && !seen.has(ask.model))) {
      seen.add(ask.model);
      return { ...call, ending: await fail(response, knobs) };
    }
    const pieces = wordsOf(knobs.chunks);
    const reply = {
      ...ask,
      id: `call-${String(number)}`,
      usage,
      tellsUsage: isTold,
      pieces,
      callsTool: knobs.callsTool,
    };
    const packing = (request.headers["accept-encoding"] ?? "").includes(knobs.encoding ?? "-") ? knobs.encoding : null;
    const ending = ask.streams
      ? await sendStream(response, dialect.streamType, dialect.stream(reply), knobs, packing)
      : await sendWhole(response, JSON.stringify(dialect.whole(reply)), knobs, packing);
    return { ...call, ending };
  }
  response.writeHead(404, { "content-type": "application/json" });
  response.end(JSON.stringify({ error: { type: "not_found_error", message: `nothing is at ${pathname}` } }));
  return null;
}

async function fail(response: http.ServerResponse, { delayMs }: Knobs): Promise<"failed"> {
  await new Promise((resolve) => setTimeout(resolve, delayMs));
  response.writeHead(500, { "content-type": "application/json" });
  response.end(JSON.stringify({ error: { type: "server_error", message: "it was told to fail" } }));
  return "failed";
}

async function bodyOf(request: http.IncomingMessage): Promise<Fields> {
  try {
    return (await json(request)) as Fields;
  } catch {
    // No body, or none that is JSON: then no dialect will know the request.
    return {};
  }
}
