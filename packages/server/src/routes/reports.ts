import type { ReportPeriod } from "@midwatch/core";
import { Type } from "typebox";
import type { ApiContext, App } from "../http/api-context.ts";
import { periodNames, reportSecurityPolicy } from "../report/index.ts";
import { requireFullAccess } from "./access.ts";
import { errorAnswers } from "./schemas.ts";

const formats = Type.Union([Type.Literal("json"), Type.Literal("text"), Type.Literal("md"), Type.Literal("html")], {
  description: "json unless given; md is Markdown",
});

/** Reports, made when they are asked for. */
export function registerReports(app: App, context: ApiContext): void {
  for (const period of ["day", "week", "month"] as const) registerReport(app, context, period);
}

function registerReport(app: App, { reporter }: ApiContext, period: ReportPeriod): void {
  app.get(
    `/api/v1/reports/${periodNames[period]}`,
    {
      config: { scope: "read" },
      schema: {
        tags: ["reports"],
        summary: `One local ${period} of all agents: alive, restarts, cost, events, what needs a human, and slow patterns.`,
        querystring: Type.Object(
          {
            date: Type.Optional(
              Type.String({
                maxLength: 40,
                description: `A day of it: YYYY-MM-DD, \`today\` or \`yesterday\`; unless given, the last ${period} that is over`,
              }),
            ),
            tz: Type.Optional(Type.String({ maxLength: 64, description: "IANA name; the server's zone unless given" })),
            agent: Type.Optional(
              Type.String({ minLength: 1, maxLength: 128, description: "Only this one; all unless given" }),
            ),
            format: Type.Optional(formats),
          },
          { additionalProperties: false },
        ),
        response: { 200: Type.Unknown({ description: "The report, in the format asked for" }), ...errorAnswers },
      },
    },
    async (request, reply) => {
      requireFullAccess(request);
      const { date = null, tz = null, agent = null, format = "json" } = request.query;
      const view = reporter.view(await reporter.make({ period, date, timeZone: tz, agent }));
      if (format === "json") return reply.type("application/json; charset=utf-8").send(view);
      reply.serializer(asItIs);
      switch (format) {
        case "text":
          return reply.type("text/plain; charset=utf-8").send(`${reporter.text(view)}\n`);
        case "md":
          return reply.type("text/markdown; charset=utf-8").send(reporter.markdown(view));
        case "html":
          return reply
            .header("content-security-policy", reportSecurityPolicy)
            .type("text/html; charset=utf-8")
            .send(reporter.html(view));
      }
    },
  );
}

function asItIs(payload: unknown): string {
  return String(payload);
}
