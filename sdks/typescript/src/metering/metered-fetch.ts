import { AsyncLocalStorage } from "node:async_hooks";
import type { UsageRow } from "../usage-shapes.ts";
import { AnswerReader, formatOf } from "./answer-reader.ts";
import type { CalledTool } from "./called-tools.ts";
import { endpointOf, type Endpoint } from "./endpoint.ts";
import { meteredBody } from "./metered-body.ts";
import { asksForUsage } from "./ask-for-usage.ts";

export type Fetch = typeof globalThis.fetch;

/** Where what was metered goes. */
export interface Meter {
  call(row: UsageRow, tools: readonly CalledTool[]): void;
  /** A call whose usage is not known: an answer that could not be read, a stream that does not tell. */
  unknown(kind: string, why: string): void;
}

export interface MeteredFetchOptions {
  /** What makes the request; default the global `fetch` at the time of the call. */
  readonly fetch?: Fetch | undefined;
  /** Asks streams of OpenAI's chat for their usage, which they tell in one more chunk without choices. Default false: requests stay as they are. */
  readonly includeUsage?: boolean | undefined;
  /** Tells the tools that answers ask to call. Default true. */
  readonly tools?: boolean | undefined;
}

interface Way extends MeteredFetchOptions {
  readonly meter: Meter;
  /** Looks only at addresses where models are called, not at the shape of just any answer. */
  readonly onlyKnown: boolean;
}

/** Under the same name for every copy of this package in the process: a call inside a metered call is the same call. */
const inMeteredCall = sharedStorage();

/** A fetch that does what the given one does, and counts what is used. */
export function meteredFetch(way: Way): Fetch {
  return async (input, init) => {
    const inner = way.fetch ?? globalThis.fetch;
    if (inMeteredCall.getStore() === true) return inner(input, init);
    const endpoint = endpointOf(methodOf(input, init), addressOf(input));
    if (endpoint === null || (way.onlyKnown && !endpoint.isKnown)) return inner(input, init);
    const asked = way.includeUsage === true ? asksForUsage(addressOf(input), init) : init;
    const response = await inMeteredCall.run(true, () => inner(input, asked));
    try {
      return withMeter(response, endpoint, way);
    } catch {
      // Metering fails, the answer does not.
      return response;
    }
  };
}

function sharedStorage(): AsyncLocalStorage<true> {
  const shared = globalThis as unknown as Record<symbol, AsyncLocalStorage<true> | undefined>;
  const key = Symbol.for("midwatch.metered");
  const storage = shared[key] ?? new AsyncLocalStorage<true>();
  shared[key] = storage;
  return storage;
}

function methodOf(input: Parameters<Fetch>[0], init: Parameters<Fetch>[1]): string {
  return init?.method ?? (isRequest(input) ? input.method : "GET");
}

function addressOf(input: Parameters<Fetch>[0]): string {
  return isRequest(input) ? input.url : String(input);
}

/** Also one of another make: there are packages that bring their own. */
function isRequest(input: Parameters<Fetch>[0]): input is Request {
  return typeof input === "object" && "method" in input;
}

function withMeter(response: Response, endpoint: Endpoint, way: Way): Response {
  const format = response.ok ? formatOf(response.headers.get("content-type")) : null;
  if (format === null || response.body === null) return response;
  if (!((response.body as unknown) instanceof ReadableStream)) {
    way.meter.unknown("body", "answers of this fetch have no web stream as body, so they can't be metered");
    return response;
  }
  const reader = new AnswerReader(format);
  let isCounted = false;
  const count = (isWhole: boolean): void => {
    if (isCounted) return;
    isCounted = true;
    tell(reader, endpoint, way, isWhole);
  };
  const guarded = (work: () => void): void => {
    try {
      work();
    } catch {
      // A fault in here costs the count of this call and nothing else.
      isCounted = true;
    }
  };
  const body = meteredBody(response.body as ReadableStream<Uint8Array>, {
    chunk: (bytes) =>
      guarded(() => {
        if (isCounted) return;
        reader.feed(bytes);
        // Some clients read no further than the last event, and never say that they stopped.
        if (reader.assembly.isComplete) count(true);
      }),
    end: (isWhole) => guarded(() => count(isWhole)),
  });
  return likeness(response, body);
}

function tell(reader: AnswerReader, endpoint: Endpoint, { meter, tools }: Way, isWhole: boolean): void {
  reader.end();
  const row = reader.assembly.row();
  if (row !== null) {
    const provider = reader.assembly.provider ?? endpoint.provider ?? row.provider;
    const model = row.model ?? endpoint.model;
    const named = { ...row, ...(provider === undefined ? {} : { provider }), ...(model === null ? {} : { model }) };
    meter.call(named, tools === false ? [] : reader.assembly.tools());
  } else if (!endpoint.isKnown) return;
  else if (reader.isTooLong) meter.unknown("long", "an answer of more than 8 MiB was not metered");
  else if (!isWhole) meter.unknown("broken", "an answer ended before it told its usage; what it used is not counted");
  else
    meter.unknown(
      "silent",
      "an answer does not tell its usage, so it is not counted; streams of OpenAI's chat tell it when asked: stream_options: { include_usage: true }",
    );
}

/** The same answer around another stream; what `new Response` can't be given is put on it. */
function likeness(response: Response, body: ReadableStream<Uint8Array>): Response {
  const { status, statusText, headers, url, redirected, type } = response;
  const made = new Response(body, { status, statusText, headers });
  return dressed(made, { url, redirected, type });
}

function dressed(made: Response, facts: Pick<Response, "url" | "redirected" | "type">): Response {
  const clone = made.clone.bind(made);
  return Object.defineProperties(made, {
    url: { value: facts.url },
    redirected: { value: facts.redirected },
    type: { value: facts.type },
    clone: { value: () => dressed(clone(), facts) },
  });
}
