import { Type } from "typebox";
import type { ApiContext, App } from "../http/api-context.ts";
import { BeatAnswerSchema, errorAnswers, ErrorSchema } from "./schemas.ts";

/**
 * Describes the two beat endpoints and hands them to the bare handler. Requests for exactly these paths do not even come
 * here: http/listener.ts takes them off before the framework.
 */
export function registerHeartbeats(app: App, { beats }: ApiContext): void {
  void app.register((scope, _options, done) => {
    // The handler reads the body itself, whatever its content type says: a home-made heartbeat often says nothing.
    scope.removeAllContentTypeParsers();
    scope.addContentTypeParser("*", (_request, _payload, parsed) => parsed(null));
    scope.post(
      "/api/v1/heartbeat",
      {
        config: { rateLimit: false },
        schema: {
          tags: ["beats"],
          summary: "Send one beat. Only `agent` is required; answered after the beat is durable.",
          response: { 200: BeatAnswerSchema, 413: ErrorSchema, ...errorAnswers },
        },
      },
      (request, reply) => {
        reply.hijack();
        beats.heartbeat(request.raw, reply.raw);
      },
    );
    scope.post(
      "/api/v1/heartbeats",
      {
        config: { rateLimit: false },
        schema: {
          tags: ["beats"],
          summary: "Send up to 10,000 beats as `{ beats: […] }`; answered per beat, in order.",
          response: {
            200: Type.Object({
              ok: Type.Literal(true),
              beats: Type.Array(Type.Union([BeatAnswerSchema, ErrorSchema])),
            }),
            413: ErrorSchema,
            ...errorAnswers,
          },
        },
      },
      (request, reply) => {
        reply.hijack();
        beats.heartbeats(request.raw, reply.raw);
      },
    );
    done();
  });
}
