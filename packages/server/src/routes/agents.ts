import { Type } from "typebox";
import type { ApiContext, App } from "../http/api-context.ts";
import { beatView } from "../views/agent-view.ts";
import { eventView } from "../views/event-view.ts";
import { accessOf, requireAccess } from "./access.ts";
import { findAgent } from "./find-agent.ts";
import { pageAsked, timeOf } from "./paging.ts";
import {
  AgentParams,
  AgentSchema,
  BeatSchema,
  errorAnswers,
  EventSchema,
  MessageSchema,
  PageQuery,
  pageSchema,
  SpanQuery,
} from "./schemas.ts";

const BeatsAsked = Type.Optional(
  Type.String({ pattern: "^([1-9]|[1-5][0-9]|60)$", description: "How many of its last beats come along, 1–60" }),
);

/** What can be asked about agents, and forgetting one. */
export function registerAgents(app: App, context: ApiContext): void {
  registerAgentList(app, context);
  registerAgentPages(app, context);
  const { ledger, clock, store } = context;
  app.delete(
    "/api/v1/agents/:name",
    {
      config: { scope: "admin" },
      schema: {
        tags: ["agents"],
        summary: "Forget an agent: no alerts and no reports. Its ledger is kept, and a new beat brings it back.",
        params: AgentParams,
        response: { 200: MessageSchema, ...errorAnswers },
      },
    },
    async (request) => {
      const { name } = request.params;
      requireAccess(request, name);
      await findAgent(store, name);
      await ledger.commit([{ name, events: [], registerAt: null, forgetAt: clock.now() }]);
      return { ok: true as const, message: `${name} is forgotten; a new beat brings it back` };
    },
  );
}

function registerAgentList(app: App, { store, presenter }: ApiContext): void {
  app.get(
    "/api/v1/agents",
    {
      config: { scope: "read" },
      schema: {
        tags: ["agents"],
        summary: "All agents, by name.",
        querystring: Type.Object(
          { ...PageQuery, tag: Type.Optional(Type.String({ maxLength: 64 })), beats: BeatsAsked },
          { additionalProperties: false },
        ),
        response: { 200: pageSchema(AgentSchema), ...errorAnswers },
      },
    },
    async (request) => {
      const { tag, beats } = request.query;
      const page = await store.agents({ ...pageAsked(request.query), ...(tag === undefined ? {} : { tag }) });
      const sees = accessOf(request);
      const rows = page.items.filter(({ name }) => sees(name));
      const names = rows.map(({ name }) => name);
      const recent = beats === undefined ? null : await store.recentBeats(names, Number(beats));
      const items = rows.map((row) => {
        const view = presenter.row(row);
        return recent ? { ...view, recent: (recent.get(row.name) ?? []).map(beatView) } : view;
      });
      return { items, next: page.next };
    },
  );
  app.get(
    "/api/v1/agents/:name",
    {
      config: { scope: "read" },
      schema: {
        tags: ["agents"],
        summary: "One agent.",
        params: AgentParams,
        querystring: Type.Object({ beats: BeatsAsked }, { additionalProperties: false }),
        response: { 200: AgentSchema, ...errorAnswers },
      },
    },
    async (request) => {
      const { name } = request.params;
      requireAccess(request, name);
      const view = presenter.row(await findAgent(store, name));
      if (request.query.beats === undefined) return view;
      const recent = await store.recentBeats([name], Number(request.query.beats));
      return { ...view, recent: (recent.get(name) ?? []).map(beatView) };
    },
  );
}

function registerAgentPages(app: App, { store }: ApiContext): void {
  const querystring = Type.Object({ ...PageQuery, ...SpanQuery }, { additionalProperties: false });
  app.get(
    "/api/v1/agents/:name/cycles",
    {
      config: { scope: "read" },
      schema: {
        tags: ["agents"],
        summary: "An agent's beats with what its cycles used, newest first.",
        params: AgentParams,
        querystring,
        response: { 200: pageSchema(BeatSchema), ...errorAnswers },
      },
    },
    async (request) => {
      const { name } = request.params;
      requireAccess(request, name);
      await findAgent(store, name);
      const page = await store.beats(name, { ...pageAsked(request.query), ...spanOf(request.query) });
      return { items: page.items.map(beatView), next: page.next };
    },
  );
  app.get(
    "/api/v1/agents/:name/events",
    {
      config: { scope: "read" },
      schema: {
        tags: ["agents"],
        summary: "What has happened to an agent, newest first.",
        params: AgentParams,
        querystring,
        response: { 200: pageSchema(EventSchema), ...errorAnswers },
      },
    },
    async (request) => {
      const { name } = request.params;
      requireAccess(request, name);
      await findAgent(store, name);
      const page = await store.history(name, { ...pageAsked(request.query), ...spanOf(request.query) });
      return { items: page.items.map(eventView), next: page.next };
    },
  );
}

function spanOf(query: { readonly from?: string; readonly to?: string }): {
  readonly from?: number;
  readonly to?: number;
} {
  const from = timeOf(query.from, "from");
  const to = timeOf(query.to, "to");
  return { ...(from === undefined ? {} : { from }), ...(to === undefined ? {} : { to }) };
}
