import { randomBytes } from "node:crypto";
import type { CommandName } from "@midwatch/core";
import type { AgentRow } from "@midwatch/store";
import { Type } from "typebox";
import { ApiError } from "../errors.ts";
import type { ApiContext, App } from "../http/api-context.ts";
import { requireAccess } from "./access.ts";
import { findAgent } from "./find-agent.ts";
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
          description: 'The body may be left out, or say who asks: `{ "by": "Ada" }`.',
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
        const by = whoAsks(request);
        const row = await findAgent(context.store, name);
        // The keys of the table are the names of the commands.
        const answer = await act(context, row, { command: action as CommandName, by });
        return reply.code(answer.status).send({ ok: true as const, message: answer.message });
      },
    );
  }
}

async function act(
  { ledger, clock, bell }: ApiContext,
  { name, state }: AgentRow,
  { command, by }: { readonly command: CommandName; readonly by: string },
): Promise<{ readonly status: 200 | 202; readonly message: string }> {
  const at = clock.now();
  const event = { type: "command", at, command, by } as const;
  const { supervisor } = state;
  if (command === "accept-baseline" || supervisor === null) {
    const message = doneHere(command, name);
    if (message === null) throw nobodySupervises(command, name);
    await ledger.commitOne(name, event);
    return { status: 200, message };
  }
  const id = `cmd_${randomBytes(12).toString("base64url")}`;
  await ledger.commitOne(name, event, {
    commands: [{ id, supervisor: supervisor.id, agent: name, command, dependents: false, by, askedWith: null, at }],
  });
  bell.ring(supervisor.id);
  const later = supervisor.lost ? " It is not heard now and does it as soon as it is back." : "";
  return { status: 202, message: `${name}: the supervisor on ${supervisor.host} was asked to ${command} it.${later}` };
}

/** What is done without a supervisor, or null for what only a supervisor can do. */
function doneHere(command: CommandName, name: string): string | null {
  switch (command) {
    case "pause":
      return `${name} is paused: the answer to its next beat tells it to hold`;
    case "resume":
      return `${name} may go on: the answer to its next beat tells it so`;
    case "accept-baseline":
      return `${name}: what its cycles cost now is its new normal`;
    case "start":
    case "restart":
    case "stop":
    case "kill":
      return null;
  }
}

function nobodySupervises(command: CommandName, name: string): ApiError {
  const message =
    `${name} cannot be asked to ${command}: no supervisor keeps it, it only sends beats. ` +
    `Run it under \`midwatch run --name ${name} -- CMD\` or list it in midwatch.yaml; pausing works without one.`;
  return new ApiError(409, "not_supervised", message);
}
