import { SECOND } from "@midwatch/core";
import { parseMeterBatch, type MeterBatchAnswer, type ParsedMeterItems, type Standings } from "@midwatch/protocol";
import type { FastifyReply, FastifyRequest } from "fastify";
import { Type } from "typebox";
import type { ApiContext, App } from "../http/api-context.ts";
import { invalidFields } from "../ingest/refusals.ts";
import { agentRefusal } from "../keys/authenticate.ts";
import { accessOf, callerOf, requireAccess } from "./access.ts";
import { errorAnswers } from "./schemas.ts";
import { MeterBatchAnswerSchema, StandingsSchema } from "./cost-schemas.ts";

const batchLimit = 8 * 1024 * 1024;
const maxWaitS = 30;
const MeterParams = Type.Object({ id: Type.String({ minLength: 1, maxLength: 128 }) });
/** Known by their keys; their pace is their own. */
const config = { scope: "ingest", rateLimit: false } as const;

/** What metering proxies call. */
export function registerMeters(app: App, { meterIntake, standings }: ApiContext): void {
  app.post(
    "/api/v1/meters/:id/batch",
    {
      config,
      bodyLimit: batchLimit,
      schema: {
        tags: ["meters"],
        summary: "Calls that a metering proxy has seen end, in order; answered after they are durable. Harmless twice.",
        params: MeterParams,
        response: { 200: MeterBatchAnswerSchema, 413: errorAnswers[400], ...errorAnswers },
      },
    },
    async (request): Promise<MeterBatchAnswer> => {
      const parsed = parseMeterBatch(request.body);
      if (!parsed.ok) throw invalidFields(parsed.errors);
      refuseForeignAgents(request, parsed.batch);
      const upto = await meterIntake.receive(request.params.id, parsed.batch);
      return { upto, standings: standings.read(accessOf(request)) };
    },
  );
  app.get(
    "/api/v1/meters/:id/standings",
    {
      config,
      schema: {
        tags: ["meters"],
        summary: "Which agents are held and which have a budget; waits for a change when REV is the latest.",
        params: MeterParams,
        querystring: Type.Object(
          {
            known: Type.Optional(Type.String({ maxLength: 64, description: "`rev` of the last answer" })),
            wait_s: Type.Optional(Type.String({ pattern: "^[0-9]{1,2}$", description: `0–${maxWaitS}` })),
            agent: Type.Optional(
              Type.String({
                maxLength: 512,
                description: "Refused with 403 where the key may not speak for this agent",
              }),
            ),
          },
          { additionalProperties: false },
        ),
        response: { 200: StandingsSchema, ...errorAnswers },
      },
    },
    async (request, reply): Promise<Standings> => {
      const { known, wait_s, agent } = request.query;
      if (agent !== undefined) requireAccess(request, agent);
      const waitMs = Math.min(maxWaitS, Number(wait_s ?? 0)) * SECOND;
      await standings.changedFrom(known ?? null, waitMs, closed(reply));
      return standings.read(accessOf(request));
    },
  );
}

/** A key for some agents delivers nothing of others: the whole batch is refused, so that nothing is lost unnoticed. */
function refuseForeignAgents(request: FastifyRequest, { items }: ParsedMeterItems): void {
  const caller = callerOf(request);
  if (caller.agentGlob === null) return;
  for (const item of items) {
    const refused = item.is === "call" ? agentRefusal(caller, item.agent) : null;
    if (refused) throw refused;
  }
}

/** Aborts when the caller is gone. */
function closed(reply: FastifyReply): AbortSignal {
  const controller = new AbortController();
  reply.raw.on("close", () => controller.abort());
  return controller.signal;
}
