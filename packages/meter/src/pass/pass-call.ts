// One call from its request to its end. Bytes are passed; a copy is read; what it used is written down before the client sees the end.

import type { IncomingMessage, ServerResponse } from "node:http";
import type { MeterCall } from "@midwatch/protocol";
import { describeError } from "../failure.ts";
import type { Route } from "../door/route.ts";
import { endpointOf, type Endpoint } from "../providers/endpoint.ts";
import { refuse } from "../providers/refusal.ts";
import { AnswerReader, formOf } from "../reading/answer-reader.ts";
import { finishedCall } from "../reading/finished-call.ts";
import { isObject, microsIn, parsed } from "../reading/json.ts";
import { factsOf, nothingKnown, type RequestFacts } from "../reading/request-facts.ts";
import { Tally } from "../reading/tally.ts";
import { endToEnd, pairsOf } from "./headers.ts";
import { relay } from "./relay.ts";
import { takeBody } from "./request-body.ts";
import type { Upstream, UpstreamRequest } from "./upstream.ts";
import type { UsageAsking } from "./usage-asking.ts";

export interface PassWorld {
  readonly upstream: Upstream;
  readonly asking: UsageAsking;
  /** Takes a call whose answer has ended. */
  readonly count: (agent: string, call: MeterCall) => void;
  /** Hears of a call whose end is being read. */
  readonly ending: (end: Promise<unknown>) => void;
}

interface Prepared {
  readonly sent: UpstreamRequest;
  /** As the client wrote it, when `sent` asks for more. */
  readonly original: UpstreamRequest | null;
  /** Read after the request has gone on its way: digesting a long one takes a while. */
  readonly facts: () => RequestFacts;
  readonly remarks: readonly string[];
}

const unread = "the request was too long to be read";

/** Passes a request on and its answer back. Resolves when both are over; never rejects for what the client or the provider does. */
export async function passCall(
  world: PassWorld,
  route: Route,
  { request, response }: { readonly request: IncomingMessage; readonly response: ServerResponse },
): Promise<void> {
  const gone = new AbortController();
  response.on("close", () => {
    if (!response.writableFinished) gone.abort();
  });
  const endpoint = endpointOf(request.method, route.rest);
  const prepared = endpoint
    ? await prepareCounted(world, route, endpoint, { request, signal: gone.signal })
    : preparePassed(request, route, gone.signal);
  if (prepared === null) return;
  const facts = readSoon(prepared.facts);
  const meter = endpoint === null ? null : new CallMeter(world, route, endpoint, prepared, facts);
  let answered: Answered;
  try {
    answered = await sendPrepared(world, route, prepared);
  } catch (error) {
    if (gone.signal.aborted) return meter?.end({ status: null, isWhole: false, headerCost: null });
    const message = `The meter cannot reach ${route.provider.name} at ${route.provider.url}: ${describeError(error)}.`;
    refuse(response, route.provider.shape, "unreachable", message);
    return meter?.end({ status: null, isWhole: true, headerCost: null, remark: "the provider could not be reached" });
  }
  await passAnswer(answered, response, meter);
}

async function passAnswer(
  { answer, isAsked }: Answered,
  response: ServerResponse,
  meter: CallMeter | null,
): Promise<void> {
  const form = formOf(answer.headers["content-type"] ?? "");
  const encoding = answer.headers["content-encoding"] ?? "";
  const withoutUsage = isAsked && form === "events" && encoding === "";
  const reader = meter?.readerFor({ form, encoding }) ?? null;
  const isStream = form !== "whole" || answer.headers["content-length"] === undefined;
  const isWhole = await relay({ answer, response, reader, withoutUsage, isStream });
  await meter?.end({ status: answer.statusCode ?? null, isWhole, headerCost: costIn(answer) });
  if (!isWhole) {
    response.destroy();
    return;
  }
  if (answer.rawTrailers.length > 0) response.addTrailers(pairsOf(answer.rawTrailers));
  response.end();
}

/** What is known of one counted call, until it is written down. */
class CallMeter {
  readonly #world: PassWorld;
  readonly #route: Route;
  readonly #endpoint: Endpoint;
  readonly #facts: () => RequestFacts;
  readonly #remarks: string[];
  readonly #tally = new Tally();
  #reader: AnswerReader | null = null;

  constructor(world: PassWorld, route: Route, endpoint: Endpoint, prepared: Prepared, facts: () => RequestFacts) {
    this.#world = world;
    this.#route = route;
    this.#endpoint = endpoint;
    this.#facts = facts;
    this.#remarks = [...prepared.remarks];
  }

  readerFor(about: { readonly form: ReturnType<typeof formOf>; readonly encoding: string }): AnswerReader {
    this.#reader = new AnswerReader({ api: this.#endpoint.api, ...about }, this.#tally);
    return this.#reader;
  }

  async end(how: {
    readonly status: number | null;
    readonly isWhole: boolean;
    readonly headerCost: number | null;
    readonly remark?: string;
  }): Promise<void> {
    const read = this.#reader?.end() ?? Promise.resolve();
    this.#world.ending(read);
    await read;
    const trouble = this.#reader?.trouble ?? null;
    const remarks = [...this.#remarks, how.remark ?? null, how.isWhole ? trouble : null].filter((one) => one !== null);
    const { provider } = this.#route;
    const call = finishedCall({
      at: Date.now(),
      provider: provider.priceAs,
      pathModel: this.#endpoint.model,
      request: this.#facts(),
      tally: this.#tally,
      ...how,
      remarks,
    });
    this.#world.count(this.#route.agent, call);
  }
}

/** Reads on the next turn, or when it is asked for before. */
function readSoon(read: () => RequestFacts): () => RequestFacts {
  let facts: RequestFacts | null = null;
  const now = (): RequestFacts => (facts ??= read());
  setImmediate(now);
  return now;
}

interface Answered {
  readonly answer: IncomingMessage;
  /** It tells the usage only because the meter asked. */
  readonly isAsked: boolean;
}

async function sendPrepared({ upstream, asking }: PassWorld, route: Route, prepared: Prepared): Promise<Answered> {
  const { provider } = route;
  const answer = await upstream.send(provider, prepared.sent);
  const status = answer.statusCode ?? 0;
  if (prepared.original === null) return { answer, isAsked: false };
  if (!asking.isSuspect(provider, status)) {
    if (status === 200) asking.note(provider, true);
    return { answer, isAsked: status === 200 };
  }
  // Perhaps it was our question that was refused: the client must not pay for that.
  answer.resume();
  const plain = await upstream.send(provider, prepared.original);
  if (plain.statusCode === 200) asking.note(provider, false);
  return { answer: plain, isAsked: false };
}

/** One that is only passed on. */
function preparePassed(request: IncomingMessage, { rest }: Route, signal: AbortSignal): Prepared {
  const hasBody = request.headers["content-length"] !== undefined || request.headers["transfer-encoding"] !== undefined;
  const sent = {
    ...outerOf(request, rest, signal),
    headers: headersOf(request),
    body: null,
    more: hasBody ? request : null,
  };
  return { sent, original: null, facts: () => nothingKnown, remarks: [] };
}

async function prepareCounted(
  world: PassWorld,
  { rest, provider }: Route,
  endpoint: Endpoint,
  { request, signal }: { readonly request: IncomingMessage; readonly signal: AbortSignal },
): Promise<Prepared | null> {
  const taken = await takeBody(request);
  if (taken.is === "broken") return null;
  const more = taken.is === "begun" ? request : null;
  const plain = { ...outerOf(request, rest, signal), headers: headersOf(request), body: taken.bytes, more };
  const isReadable = more === null && (request.headers["content-encoding"] ?? "identity") === "identity";
  if (!isReadable) return { sent: plain, original: null, facts: () => nothingKnown, remarks: [unread] };
  const text = taken.bytes.toString("utf8");
  const body = parsed(text);
  if (!isObject(body)) return { sent: plain, original: null, facts: () => nothingKnown, remarks: [] };
  const facts = (): RequestFacts => factsOf(body, request.headers);
  const asked = world.asking.asked(provider, endpoint, text, body);
  if (asked === null) return { sent: plain, original: null, facts, remarks: [] };
  const bytes = Buffer.from(asked);
  // Its answer has to be read chunk by chunk before it goes on, so it must not be packed.
  const headers = [...headersOf(request, ["accept-encoding"], bytes.length), "Accept-Encoding", "identity"];
  return { sent: { ...plain, headers, body: bytes }, original: plain, facts, remarks: [] };
}

function outerOf(
  request: IncomingMessage,
  rest: string,
  signal: AbortSignal,
): Pick<UpstreamRequest, "method" | "rest" | "signal"> {
  return { method: request.method ?? "GET", rest, signal };
}

/** The client's headers for the provider; `length` is of a body that was changed. */
function headersOf(request: IncomingMessage, without: readonly string[] = [], length?: number): string[] {
  const isChunked = request.headers["transfer-encoding"] !== undefined;
  const changed = length === undefined || isChunked ? [] : ["Content-Length", String(length)];
  return [
    ...endToEnd(request, ["host", "expect", ...without, ...(length === undefined ? [] : ["content-length"])]),
    ...changed,
    ...(isChunked ? ["Transfer-Encoding", "chunked"] : []),
  ];
}

/** As LiteLLM's proxy tells it. */
function costIn(answer: IncomingMessage): number | null {
  return microsIn(answer.headers["x-litellm-response-cost"]);
}
