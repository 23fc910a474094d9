import { Type } from "typebox";
import { ApiError } from "../errors.ts";
import type { ApiContext, App } from "../http/api-context.ts";
import { accessOf } from "./access.ts";
import { errorAnswers } from "./schemas.ts";

/** Live changes as server-sent events. */
export function registerStream(app: App, { hub }: ApiContext): void {
  app.get(
    "/api/v1/stream",
    {
      config: { scope: "read", rateLimit: false },
      schema: {
        tags: ["agents"],
        summary:
          "Changes as server-sent events: agent, agent-forgotten, history, incident; resumable by Last-Event-ID.",
        querystring: Type.Object(
          {
            last_event_id: Type.Optional(
              Type.String({ maxLength: 128, description: "The same as the header, for clients that cannot set one" }),
            ),
          },
          { additionalProperties: false },
        ),
        response: errorAnswers,
      },
    },
    (request, reply) => {
      if (hub.isFull) {
        throw new ApiError(503, "too_many_streams", "too many streams are open already", { retryAfterS: 15 });
      }
      const header = request.headers["last-event-id"];
      const lastEventId = typeof header === "string" ? header : (request.query.last_event_id ?? null);
      reply.hijack();
      hub.connect(reply.raw, lastEventId, accessOf(request));
    },
  );
}
