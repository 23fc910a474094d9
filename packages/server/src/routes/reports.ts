import { Type } from "typebox";
import type { ApiContext, App } from "../http/api-context.ts";
import { reportSecurityPolicy } from "../report/index.ts";
import { requireFullAccess } from "./access.ts";
import { errorAnswers } from "./schemas.ts";

/** The daily report, made when it is asked for. */
export function registerReports(app: App, { reporter }: ApiContext): void {
  app.get(
    "/api/v1/reports/daily",
    {
      config: { scope: "read" },
      schema: {
        tags: ["reports"],
        summary: "One local day of all agents: alive, restarts, cost, events, and what needs a human.",
        querystring: Type.Object(
          {
            date: Type.Optional(
              Type.String({ maxLength: 40, description: "YYYY-MM-DD, `today` or `yesterday`; yesterday unless given" }),
            ),
            tz: Type.Optional(Type.String({ maxLength: 64, description: "IANA name; the server's zone unless given" })),
            format: Type.Optional(
              Type.Union([Type.Literal("json"), Type.Literal("text"), Type.Literal("html")], {
                description: "json unless given",
              }),
            ),
          },
          { additionalProperties: false },
        ),
        response: { 200: Type.Unknown({ description: "The report, in the format asked for" }), ...errorAnswers },
      },
    },
    async (request, reply) => {
      requireFullAccess(request);
      const { date, tz, format } = request.query;
      const made = await reporter.daily({ date: date ?? null, timeZone: tz ?? null });
      switch (format) {
        case undefined:
        case "json":
          return reply.type("application/json; charset=utf-8").send(reporter.data(made));
        case "text":
          return reply
            .type("text/plain; charset=utf-8")
            .serializer(asItIs)
            .send(`${reporter.text(made)}\n`);
        case "html":
          return reply
            .header("content-security-policy", reportSecurityPolicy)
            .type("text/html; charset=utf-8")
            .serializer(asItIs)
            .send(reporter.html(made));
      }
    },
  );
}

function asItIs(payload: unknown): string {
  return String(payload);
}
