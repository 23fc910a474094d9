import { DAY, HOUR } from "@midwatch/core";
import type { CallView, CostRowView } from "@midwatch/protocol";
import type { ModelHourRow, StoredCall } from "@midwatch/store";
import { Type } from "typebox";
import type { ApiContext, App } from "../http/api-context.ts";
import { iso, usd } from "../views/time.ts";
import { accessOf, requireAccess } from "./access.ts";
import { findAgent } from "./find-agent.ts";
import { invalidField, pageAsked, timeOf } from "./paging.ts";
import { AgentParams, errorAnswers, PageQuery, pageSchema, SpanQuery } from "./schemas.ts";
import { CallSchema, CostAnswerSchema } from "./cost-schemas.ts";

/** A year and a day of hours, of every agent and model, is still an answer. */
const longestSpan = 367 * DAY;

/** What was spent: call by call, and by model. */
export function registerCosts(app: App, { store, clock }: ApiContext): void {
  app.get(
    "/api/v1/agents/:name/calls",
    {
      config: { scope: "read" },
      schema: {
        tags: ["cost"],
        summary: "An agent's metered calls, newest first.",
        params: AgentParams,
        querystring: Type.Object({ ...PageQuery, ...SpanQuery }, { additionalProperties: false }),
        response: { 200: pageSchema(CallSchema), ...errorAnswers },
      },
    },
    async (request) => {
      const { name } = request.params;
      requireAccess(request, name);
      await findAgent(store, name);
      const [from, to] = [timeOf(request.query.from, "from"), timeOf(request.query.to, "to")];
      const span = { ...(from === undefined ? {} : { from }), ...(to === undefined ? {} : { to }) };
      const page = await store.calls(name, { ...pageAsked(request.query), ...span });
      return { items: page.items.map(callView), next: page.next };
    },
  );
  app.get(
    "/api/v1/cost",
    {
      config: { scope: "read" },
      schema: {
        tags: ["cost"],
        summary:
          "What was used in whole UTC hours, by agent, model and source; the last 24 hours unless asked otherwise.",
        querystring: Type.Object(
          { ...SpanQuery, agent: Type.Optional(Type.String({ minLength: 1, maxLength: 512 })) },
          { additionalProperties: false },
        ),
        response: { 200: CostAnswerSchema, ...errorAnswers },
      },
    },
    async (request) => {
      const { agent } = request.query;
      if (agent !== undefined) requireAccess(request, agent);
      const now = clock.now();
      const to = timeOf(request.query.to, "to") ?? now + 1;
      const asked = timeOf(request.query.from, "from") ?? to - DAY;
      if (to <= asked) throw invalidField("to", "must be later than from");
      if (to - asked > longestSpan) throw invalidField("from", "may lie at most a year before to");
      const from = asked - (asked % HOUR);
      const hours = await store.modelHours({ ...(agent === undefined ? {} : { agent }), from, to });
      const sees = accessOf(request);
      const rows = sumsOf(hours.filter((row) => sees(row.agent)));
      return { from: iso(from), to: iso(to), rows };
    },
  );
}

function callView({ call, price, counted }: StoredCall): CallView {
  return {
    key: call.key,
    at: iso(call.at),
    source: call.source,
    provider: call.provider,
    model: call.model,
    input_tokens: call.inputTokens,
    output_tokens: call.outputTokens,
    cache_read_tokens: call.cacheReadTokens,
    cache_write_tokens: call.cacheWriteTokens,
    reasoning_tokens: call.reasoningTokens,
    calls: call.calls,
    cost_usd: price === null ? null : usd(price.costUsdMicros),
    priced_by: price?.by ?? null,
    price_version: price?.version ?? null,
    outcome: call.outcome,
    estimated: call.isEstimated,
    counted,
    session: call.session,
    remarks: [...call.remarks],
  };
}

/** The hours of each agent, model and source added up. */
function sumsOf(hours: readonly ModelHourRow[]): CostRowView[] {
  const rows = new Map<string, CostRowView>();
  for (const hour of hours) {
    const { agent, provider, model, source, counted } = hour;
    const key = JSON.stringify([agent, provider, model, source, counted]);
    const before = rows.get(key);
    rows.set(key, {
      agent,
      provider,
      model,
      source,
      counted,
      calls: (before?.calls ?? 0) + hour.calls,
      input_tokens: (before?.input_tokens ?? 0) + hour.inputTokens,
      output_tokens: (before?.output_tokens ?? 0) + hour.outputTokens,
      cache_read_tokens: (before?.cache_read_tokens ?? 0) + hour.cacheReadTokens,
      cache_write_tokens: (before?.cache_write_tokens ?? 0) + hour.cacheWriteTokens,
      reasoning_tokens: (before?.reasoning_tokens ?? 0) + hour.reasoningTokens,
      cost_usd: (before?.cost_usd ?? 0) + hour.costUsdMicros,
      unpriced_tokens: (before?.unpriced_tokens ?? 0) + hour.unpricedTokens,
    });
  }
  return Array.from(rows.values(), (row) => ({ ...row, cost_usd: usd(row.cost_usd) }));
}
