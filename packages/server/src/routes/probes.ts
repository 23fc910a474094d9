import { Type } from "typebox";
import type { ApiContext, App } from "../http/api-context.ts";
import { requireFullAccess } from "./access.ts";
import { errorAnswers } from "./schemas.ts";

/** For whoever watches the watcher: is it alive, can it work, how does it do? And what can be asked of it at all. */
export function registerProbes(app: App, context: ApiContext): void {
  const { metrics, trouble, version } = context;
  app.get(
    "/healthz",
    {
      config: { rateLimit: false, alwaysAnswered: true },
      schema: { tags: ["probes"], summary: "The process lives.", security: [], response: { 200: StatusSchema } },
    },
    () => ({ status: "ok", version }),
  );
  app.get(
    "/readyz",
    {
      config: { rateLimit: false, alwaysAnswered: true },
      schema: {
        tags: ["probes"],
        summary: "The store can be written and deadlines are being watched; 503 says why not.",
        security: [],
        response: { 200: StatusSchema, 503: errorAnswers[503] },
      },
    },
    (_request, reply) => {
      const why = trouble();
      if (why === null) return { status: "ready", version };
      void reply.code(503);
      return { error: { code: "not_ready", message: why } };
    },
  );
  app.get(
    "/metrics",
    {
      config: { scope: "read", alwaysAnswered: true },
      schema: {
        tags: ["probes"],
        summary: "For Prometheus.",
        response: { 200: Type.Unknown({ description: "The exposition text" }), ...errorAnswers },
      },
    },
    async (request, reply) => {
      requireFullAccess(request);
      const text = await metrics.text();
      return reply.type(metrics.contentType).serializer(String).send(text);
    },
  );
  app.get("/api/openapi.json", { schema: { tags: ["probes"], summary: "This description.", security: [] } }, () =>
    app.swagger(),
  );
}

const StatusSchema = Type.Object({ status: Type.String(), version: Type.String() });
