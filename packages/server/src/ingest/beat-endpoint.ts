// The two endpoints that every agent calls, on the bare request and response of node:http. A beat costs one look-up of its
// key, one parse and one place in the queue; everything a framework would add here is paid by every agent on every turn.

import type { IncomingMessage, RequestListener, ServerResponse } from "node:http";
import type { Ms } from "@midwatch/core";
import { beatIdentity, bodyDigest, parseBatch, parseBeat, parseJson, type BatchedBeat } from "@midwatch/protocol";
import type { Clock } from "../clock.ts";
import { ApiError } from "../errors.ts";
import { agentRefusal, callerByKey, scopeRefusal, type KeyCheck } from "../keys/authenticate.ts";
import type { Caller } from "../keys/key-ring.ts";
import type { PriceOf } from "../pricing/pricing.ts";
import { resultJson } from "./beat-answer.ts";
import type { BeatEvent, BeatQueue, BeatResult, WaitingBeat } from "./beat-queue.ts";
import { BeatFate, BrokenBeats } from "./broken-beats.ts";
import { invalidFields, notJson } from "./refusals.ts";
import { discardBody, readBody } from "./read-body.ts";
import { sendError, sendJson } from "./send.ts";

const beatLimit = 64 * 1024;
const batchLimit = 8 * 1024 * 1024;
/** A beat that a relay received longer ago than this comes from a spool. */
const spooledMs = 10_000;

export interface BeatEndpointDeps {
  readonly check: KeyCheck;
  readonly queue: BeatQueue;
  readonly priceOf: PriceOf;
  readonly clock: Clock;
  /** Told of every beat, or whole request of beats, that is answered with an error. */
  readonly refused: (code: string) => void;
}

export interface BeatEndpoint {
  /** `POST /api/v1/heartbeat` */
  readonly heartbeat: RequestListener;
  /** `POST /api/v1/heartbeats` */
  readonly heartbeats: RequestListener;
  /** From now on beats are refused with 503; those that were taken are still answered. */
  close(): void;
}

interface Endpoint extends BeatEndpointDeps {
  readonly broken: BrokenBeats;
}

export function createBeatEndpoint(deps: BeatEndpointDeps): BeatEndpoint {
  const endpoint: Endpoint = { ...deps, broken: new BrokenBeats() };
  let closed = false;
  const receive = (
    request: IncomingMessage,
    response: ServerResponse,
    limit: number,
    accept: (body: Buffer, caller: Caller, response: ServerResponse, endpoint: Endpoint) => void,
  ): void => {
    if (closed) {
      discardBody(request);
      response.setHeader("connection", "close");
      return refuse(response, stopping(), endpoint);
    }
    admit(request, response, endpoint, (caller) => {
      readBody(request, limit, (body) => {
        if (body instanceof ApiError) refuse(response, body, endpoint);
        else accept(body, caller, response, endpoint);
      });
    });
  };
  return {
    heartbeat: (request, response) => receive(request, response, beatLimit, acceptOne),
    heartbeats: (request, response) => receive(request, response, batchLimit, acceptBatch),
    close: () => {
      closed = true;
    },
  };
}

function admit(
  request: IncomingMessage,
  response: ServerResponse,
  endpoint: Endpoint,
  admitted: (caller: Caller) => void,
): void {
  const decide = (caller: Caller | ApiError): void => {
    const refused = caller instanceof ApiError ? caller : scopeRefusal(caller, "ingest");
    if (refused) {
      discardBody(request);
      refuse(response, refused, endpoint);
    } else if (!(caller instanceof ApiError)) admitted(caller);
  };
  const caller = callerByKey(request, endpoint.check);
  if (caller instanceof Promise) void caller.then(decide);
  else decide(caller);
}

function refuse(response: ServerResponse, error: ApiError, { refused }: Pick<Endpoint, "refused">): void {
  refused(error.code);
  sendError(response, error);
}

function acceptOne(body: Buffer, caller: Caller, response: ServerResponse, endpoint: Endpoint): void {
  const json = parseJson(body);
  if (!json.ok) return refuse(response, notJson(json), endpoint);
  const parsed = parseBeat(json.value);
  if (!parsed.ok) return refuse(response, invalidFields(parsed.errors), endpoint);
  const refused = agentRefusal(caller, parsed.beat.agent);
  if (refused) return refuse(response, refused, endpoint);
  const { clock, priceOf } = endpoint;
  const event = beatEvent({ beat: parsed.beat, body: json.value, at: clock.now(), priceOf });
  if (event.identity.by === "none") return acceptUnmarked(json.value, event, response, endpoint);
  offerOne(event, endpoint, (result) => sendResult(response, result, endpoint));
}

/** A beat that nothing marks as itself: its body is remembered if its connection breaks before the answer went out. */
function acceptUnmarked(body: unknown, event: BeatEvent, response: ServerResponse, endpoint: Endpoint): void {
  const { clock, broken } = endpoint;
  const earlier = broken.isEmpty ? undefined : broken.take(bodyDigest(body), clock.now());
  const fate = new BeatFate();
  response.on("close", () => {
    if (!response.writableFinished) broken.remember(bodyDigest(body), earlier ?? fate, clock.now());
  });
  const offer = (): void =>
    offerOne(event, endpoint, (result) => {
      fate.settle(result);
      sendResult(response, result, endpoint);
    });
  if (!earlier) return offer();
  void earlier.result().then((result) => {
    if (result.ok) sendResult(response, result, endpoint);
    else offer();
  });
}

function offerOne(event: BeatEvent, { queue }: Endpoint, settle: (result: BeatResult) => void): void {
  // Settled in either case: somebody may wait for the fate of this very beat.
  if (!queue.offer([{ event, settle }])) settle({ ok: false, error: overloaded() });
}

function acceptBatch(body: Buffer, caller: Caller, response: ServerResponse, endpoint: Endpoint): void {
  const json = parseJson(body);
  if (!json.ok) return refuse(response, notJson(json), endpoint);
  const batch = parseBatch(json.value);
  if (!batch.ok) return refuse(response, invalidFields(batch.errors), endpoint);
  const now = endpoint.clock.now();
  // Puts right a relay's clock: only differences of its own times are believed.
  const aheadMs = batch.sentAt === null ? 0 : now - batch.sentAt;
  const answers = new Array<string>(batch.beats.length);
  const waiting: WaitingBeat[] = [];
  let open = 0;
  const answer = (index: number, result: BeatResult): void => {
    answers[index] = resultJson(result);
    if (!result.ok) endpoint.refused(result.error.code);
  };
  const finish = (): void => sendJson(response, 200, `{"ok":true,"beats":[${answers.join(",")}]}`);
  for (const [index, item] of batch.beats.entries()) {
    const judged = judgeBatched(item, caller, { now, aheadMs, priceOf: endpoint.priceOf });
    if (judged instanceof ApiError) {
      answer(index, { ok: false, error: judged });
      continue;
    }
    open += 1;
    const settle = (result: BeatResult): void => {
      answer(index, result);
      open -= 1;
      if (open === 0) finish();
    };
    waiting.push({ event: judged, settle });
  }
  if (waiting.length === 0) return finish();
  if (!endpoint.queue.offer(waiting)) refuse(response, overloaded(), endpoint);
}

function judgeBatched(
  { parsed, receivedAt, body }: BatchedBeat,
  caller: Caller,
  given: { readonly now: Ms; readonly aheadMs: number; readonly priceOf: PriceOf },
): BeatEvent | ApiError {
  if (!parsed.ok) return invalidFields(parsed.errors);
  const refused = agentRefusal(caller, parsed.beat.agent);
  if (refused) return refused;
  const at = receivedAt === null ? given.now : Math.min(given.now, Math.round(receivedAt + given.aheadMs));
  const spooled = given.now - at > spooledMs;
  return beatEvent({ beat: parsed.beat, body, at, priceOf: given.priceOf, spooled });
}

function beatEvent(given: {
  readonly beat: BeatEvent["beat"];
  readonly body: unknown;
  readonly at: Ms;
  readonly priceOf: PriceOf;
  readonly spooled?: boolean;
}): BeatEvent {
  const { beat, body, at, priceOf } = given;
  return {
    type: "beat",
    at,
    beat,
    identity: beatIdentity(beat, () => bodyDigest(body)),
    via: "direct",
    ...priceOf(beat, at),
    spooled: given.spooled ?? false,
  };
}

function sendResult(response: ServerResponse, result: BeatResult, endpoint: Endpoint): void {
  if (result.ok) sendJson(response, 200, resultJson(result));
  else refuse(response, result.error, endpoint);
}

function overloaded(): ApiError {
  const message = "more beats are waiting than can be stored; send this one again";
  return new ApiError(503, "overloaded", message, { retryAfterS: 1 });
}

function stopping(): ApiError {
  return new ApiError(503, "unavailable", "the server is stopping; send this one again in a moment", {
    retryAfterS: 2,
  });
}
