import type { CommandView } from "@midwatch/protocol";
import type { CommandRow } from "@midwatch/store";
import { Type } from "typebox";
import type { ApiContext, App } from "../http/api-context.ts";
import { iso, isoOrNull } from "../views/time.ts";
import { requireAccess } from "./access.ts";
import { findAgent } from "./find-agent.ts";
import { pageAsked } from "./paging.ts";
import { AgentParams, CommandSchema, errorAnswers, PageQuery, pageSchema } from "./schemas.ts";

/** Who asked what of an agent, with which key, when, and what became of it. */
export function registerCommandList(app: App, { store }: ApiContext): void {
  app.get(
    "/api/v1/agents/:name/commands",
    {
      config: { scope: "read" },
      schema: {
        tags: ["actions"],
        summary: "What was asked for an agent, by whom, and what became of it; newest first.",
        params: AgentParams,
        querystring: Type.Object(PageQuery, { additionalProperties: false }),
        response: { 200: pageSchema(CommandSchema), ...errorAnswers },
      },
    },
    async (request) => {
      const { name } = request.params;
      requireAccess(request, name);
      await findAgent(store, name);
      const page = await store.commands(name, pageAsked(request.query));
      return { items: page.items.map(commandView), next: page.next };
    },
  );
}

function commandView(row: CommandRow): CommandView {
  const { id, agent, command, dependents, by, askedWith, supervisor, state, message, at, finishedAt } = row;
  return {
    id,
    agent,
    command,
    dependents,
    by,
    asked_with: askedWith,
    supervisor,
    state,
    message,
    asked_at: iso(at),
    finished_at: isoOrNull(finishedAt),
  };
}
