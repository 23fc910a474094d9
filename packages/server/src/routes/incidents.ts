import type { StoredIncident } from "@midwatch/store";
import type { FastifyRequest } from "fastify";
import { Type } from "typebox";
import { ApiError } from "../errors.ts";
import type { ApiContext, App } from "../http/api-context.ts";
import type { AgentJob } from "../ledger/fold-agents.ts";
import { incidentView } from "../views/incident-view.ts";
import { accessOf, requireAccess } from "./access.ts";
import { pageAsked, rowNumber } from "./paging.ts";
import { errorAnswers, IncidentSchema, NumberParams, PageQuery, pageSchema } from "./schemas.ts";
import { whoAsks } from "./who-asks.ts";

/** Agents in one commit, for which beats wait. */
const atOnce = 200;

/** Incidents, and acknowledging one. */
export function registerIncidents(app: App, context: ApiContext): void {
  const { store, clock } = context;
  app.get(
    "/api/v1/incidents",
    {
      config: { scope: "read" },
      schema: {
        tags: ["incidents"],
        summary: "Incidents, newest first.",
        querystring: Type.Object(
          {
            ...PageQuery,
            agent: Type.Optional(Type.String({ minLength: 1, maxLength: 512 })),
            open: Type.Optional(Type.Union([Type.Literal("true"), Type.Literal("false")])),
          },
          { additionalProperties: false },
        ),
        response: { 200: pageSchema(IncidentSchema), ...errorAnswers },
      },
    },
    async (request) => {
      const { agent, open } = request.query;
      if (agent !== undefined) requireAccess(request, agent);
      const page = await store.incidents({
        ...pageAsked(request.query),
        ...(agent === undefined ? {} : { agent }),
        ...(open === undefined ? {} : { open: open === "true" }),
      });
      const sees = accessOf(request);
      const now = clock.now();
      const items = page.items
        .filter((incident) => sees(incident.agent))
        .map((incident) => incidentView(incident, now));
      return { items, next: page.next };
    },
  );
  app.get(
    "/api/v1/incidents/:id",
    {
      config: { scope: "read" },
      schema: {
        tags: ["incidents"],
        summary: "One incident.",
        params: NumberParams,
        response: { 200: IncidentSchema, ...errorAnswers },
      },
    },
    async (request) => incidentView(await findIncident(request, request.params.id, context), clock.now()),
  );
  registerAcknowledge(app, context);
}

function registerAcknowledge(app: App, context: ApiContext): void {
  app.post(
    "/api/v1/incidents/:id/ack",
    {
      config: { scope: "admin" },
      schema: {
        tags: ["incidents"],
        summary: "Somebody has seen it and is on it. It stays open until the trouble ends.",
        description: 'The body may be left out, or say who: `{ "by": "Ada" }`. The first acknowledgement stays.',
        params: NumberParams,
        response: { 200: IncidentSchema, 409: errorAnswers[404], ...errorAnswers },
      },
    },
    async (request) => {
      const by = whoAsks(request);
      const found = await findIncident(request, request.params.id, context);
      if (found.resolvedAt !== null) {
        const message = `incident ${found.id} is over: there is nothing left to acknowledge`;
        throw new ApiError(409, "already_resolved", message);
      }
      await acknowledge(context, [found], by);
      return incidentView(await findIncident(request, request.params.id, context), context.clock.now());
    },
  );
}

/** Somebody looks after them. The first acknowledgement of each stays. */
export async function acknowledge(
  { ledger, clock }: Pick<ApiContext, "ledger" | "clock">,
  incidents: readonly Pick<StoredIncident, "agent" | "incident">[],
  by: string,
): Promise<void> {
  const at = clock.now();
  const jobs = incidents.map(({ agent, incident: { kind } }): AgentJob => ({
    name: agent,
    events: [{ type: "acknowledged", at, kind, by }],
    registerAt: null,
  }));
  for (let from = 0; from < jobs.length; from += atOnce) await ledger.commit(jobs.slice(from, from + atOnce));
}

async function findIncident(request: FastifyRequest, id: string, { store }: ApiContext): Promise<StoredIncident> {
  const number = rowNumber(id);
  const found = number === null ? null : await store.incident(number);
  if (!found) {
    const hint = number === null ? "; incidents have numbers, and GET /api/v1/incidents lists them" : "";
    throw new ApiError(404, "unknown_incident", `there is no incident ${id.slice(0, 40)}${hint}`);
  }
  requireAccess(request, found.agent);
  return found;
}
