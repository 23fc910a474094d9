// The two endpoints that every agent calls, on the bare request and response of node:http. A beat costs one look-up of its
// key, one parse and one place in the queue; everything a framework would add here is paid by every agent on every turn.

import type { IncomingMessage, ServerResponse } from "node:http";
import type { Ms } from "@midwatch/core";
import { beatIdentity, bodyDigest, parseBatch, parseBeat, parseJson, type BatchedBeat } from "@midwatch/protocol";
import type { Clock } from "../clock.ts";
import { ApiError } from "../errors.ts";
import { agentRefusal, callerByKey, scopeRefusal, type KeyCheck } from "../keys/authenticate.ts";
import type { Caller } from "../keys/key-ring.ts";
import type { PriceOf } from "../pricing.ts";
import { resultJson } from "./beat-answer.ts";
import type { BeatEvent, BeatQueue, BeatResult, WaitingBeat } from "./beat-queue.ts";
import { BeatFate, BrokenBeats } from "./broken-beats.ts";
import { invalidFields, notJson } from "./refusals.ts";
import { readBody } from "./read-body.ts";
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
}

export interface BeatEndpoint {
  /** `POST /api/v1/heartbeat` */
  heartbeat(request: IncomingMessage, response: ServerResponse): void;
  /** `POST /api/v1/heartbeats` */
  heartbeats(request: IncomingMessage, response: ServerResponse): void;
}

export function createBeatEndpoint(deps: BeatEndpointDeps): BeatEndpoint {
  const broken = new BrokenBeats();
  return {
    heartbeat: (request, response) =>
      admit(request, response, deps.check, (caller) => {
        readBody(request, beatLimit, (body) => {
          if (body instanceof ApiError) sendError(response, body);
          else acceptOne(body, caller, response, { ...deps, broken });
        });
      }),
    heartbeats: (request, response) =>
      admit(request, response, deps.check, (caller) => {
        readBody(request, batchLimit, (body) => {
          if (body instanceof ApiError) sendError(response, body);
          else acceptBatch(body, caller, response, deps);
        });
      }),
  };
}

function admit(
  request: IncomingMessage,
  response: ServerResponse,
  check: KeyCheck,
  admitted: (caller: Caller) => void,
): void {
  const decide = (caller: Caller | ApiError): void => {
    const refused = caller instanceof ApiError ? caller : scopeRefusal(caller, "ingest");
    if (refused) {
      request.resume();
      sendError(response, refused);
    } else if (!(caller instanceof ApiError)) admitted(caller);
  };
  const caller = callerByKey(request, check);
  if (caller instanceof Promise) void caller.then(decide);
  else decide(caller);
}

function acceptOne(
  body: Buffer,
  caller: Caller,
  response: ServerResponse,
  deps: BeatEndpointDeps & { readonly broken: BrokenBeats },
): void {
  const json = parseJson(body);
  if (!json.ok) return sendError(response, notJson(json));
  const parsed = parseBeat(json.value);
  if (!parsed.ok) return sendError(response, invalidFields(parsed.errors));
  const refused = agentRefusal(caller, parsed.beat.agent);
  if (refused) return sendError(response, refused);
  const { clock, queue, broken } = deps;
  const event = beatEvent({ beat: parsed.beat, body: json.value, at: clock.now(), priceOf: deps.priceOf });
  if (event.identity.by === "none") return acceptUnmarked(json.value, event, response, { queue, clock, broken });
  offerOne(event, response, queue, (result) => sendResult(response, result));
}

/** A beat that nothing marks as itself: its body is remembered if its connection breaks before the answer went out. */
function acceptUnmarked(
  body: unknown,
  event: BeatEvent,
  response: ServerResponse,
  { queue, clock, broken }: { readonly queue: BeatQueue; readonly clock: Clock; readonly broken: BrokenBeats },
): void {
  const earlier = broken.isEmpty ? undefined : broken.take(bodyDigest(body), clock.now());
  const fate = new BeatFate();
  response.on("close", () => {
    if (!response.writableFinished) broken.remember(bodyDigest(body), earlier ?? fate, clock.now());
  });
  const offer = (): void =>
    offerOne(event, response, queue, (result) => {
      fate.settle(result);
      sendResult(response, result);
    });
  if (!earlier) return offer();
  void earlier.result().then((result) => {
    if (result.ok) sendResult(response, result);
    else offer();
  });
}

function offerOne(
  event: BeatEvent,
  response: ServerResponse,
  queue: BeatQueue,
  settle: (result: BeatResult) => void,
): void {
  if (!queue.offer([{ event, settle }])) sendError(response, overloaded());
}

function acceptBatch(body: Buffer, caller: Caller, response: ServerResponse, deps: BeatEndpointDeps): void {
  const json = parseJson(body);
  if (!json.ok) return sendError(response, notJson(json));
  const batch = parseBatch(json.value);
  if (!batch.ok) return sendError(response, invalidFields(batch.errors));
  const now = deps.clock.now();
  // Puts right a relay's clock: only differences of its own times are believed.
  const aheadMs = batch.sentAt === null ? 0 : now - batch.sentAt;
  const answers: string[] = [];
  const waiting: WaitingBeat[] = [];
  let open = 0;
  const settled = (): void => {
    open -= 1;
    if (open === 0) sendJson(response, 200, `{"ok":true,"beats":[${answers.join(",")}]}`);
  };
  for (const [index, item] of batch.beats.entries()) {
    const judged = judgeBatched(item, caller, { now, aheadMs, priceOf: deps.priceOf });
    if (judged instanceof ApiError) {
      answers[index] = resultJson({ ok: false, error: judged });
      continue;
    }
    open += 1;
    waiting.push({
      event: judged,
      settle: (result) => {
        answers[index] = resultJson(result);
        settled();
      },
    });
  }
  if (waiting.length === 0) return sendJson(response, 200, `{"ok":true,"beats":[${answers.join(",")}]}`);
  if (!deps.queue.offer(waiting)) sendError(response, overloaded());
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
    costUsdMicros: priceOf(beat),
    spooled: given.spooled ?? false,
  };
}

function sendResult(response: ServerResponse, result: BeatResult): void {
  if (result.ok) sendJson(response, 200, resultJson(result));
  else sendError(response, result.error);
}

function overloaded(): ApiError {
  return new ApiError(503, "overloaded", "more beats are waiting than can be stored; send this one again", { retryAfterS: 1 });
}
