import type { CommandName } from "@midwatch/core";
import { Type } from "typebox";
import type { ApiContext, App } from "../http/api-context.ts";
import { callerOf, requireAccess } from "./access.ts";
import { act } from "./ask-supervisor.ts";
import { findAgent } from "./find-agent.ts";
import { invalidField } from "./paging.ts";
import { AgentParams, errorAnswers, MessageSchema } from "./schemas.ts";
import { whoAsks } from "./who-asks.ts";

const actions: Readonly<Record<CommandName, string>> = {
  start: "Start a stopped agent.",
  restart: "Stop an agent and start it again; clears exhaustion.",
  stop: "Ask an agent to end, then make it end.",
  kill: "End an agent at once.",
  pause: "Hold an agent: no cycles, no spending, its state is kept.",
  resume: "Let a paused or exhausted agent go on.",
  "accept-baseline": "What the agent costs now is its new normal.",
};

/** What a person can ask for. */
export function registerActions(app: App, context: ApiContext): void {
  for (const [action, summary] of Object.entries(actions)) {
    app.post(
      `/api/v1/agents/:name/${action}`,
      {
        config: { scope: "admin" },
        schema: {
          tags: ["actions"],
          summary,
          description:
            'The body may be left out, or say who asks: `{ "by": "Ada" }`.' +
            (action === "restart"
              ? " With `dependents: true` the agents that come `after` it are restarted, too."
              : ""),
          params: AgentParams,
          response: {
            200: Type.Object({ ...MessageSchema.properties }, { description: "Done here." }),
            202: Type.Object({ ...MessageSchema.properties }, { description: "Written down for its supervisor." }),
            409: errorAnswers[404],
            ...errorAnswers,
          },
        },
      },
      async (request, reply) => {
        const { name } = request.params;
        requireAccess(request, name);
        // The keys of the table are the names of the commands.
        const command = action as CommandName;
        const dependents = dependentsAsked(request.body, command);
        const by = whoAsks(request);
        const row = await findAgent(context.store, name);
        const answer = await act(context, row, { command, dependents, by, askedWith: callerOf(request).name });
        return reply.code(answer.status).send({ ok: true as const, message: answer.message });
      },
    );
  }
}

/** What depends on an agent can only be restarted with it. */
function dependentsAsked(body: unknown, command: CommandName): boolean {
  const asked = typeof body === "object" && body !== null && "dependents" in body ? body.dependents : false;
  if (typeof asked !== "boolean") throw invalidField("dependents", "must be true or false, or left out");
  if (asked && command !== "restart") throw invalidField("dependents", `is for restart only, not for ${command}`);
  return asked;
}
