import { MINUTE, SECOND } from "@midwatch/core";
import { parseSupervisorBatch, type CommandsAnswer, type SupervisorBatch } from "@midwatch/protocol";
import type { CommandRow } from "@midwatch/store";
import type { FastifyReply, FastifyRequest } from "fastify";
import { Type } from "typebox";
import { ApiError } from "../errors.ts";
import type { ApiContext, App } from "../http/api-context.ts";
import { commandEnded } from "../command-expiry.ts";
import { invalidFields } from "../ingest/refusals.ts";
import { agentRefusal } from "../keys/authenticate.ts";
import { iso } from "../views/time.ts";
import { accessOf, callerOf } from "./access.ts";
import { BatchAnswerSchema, CommandsAnswerSchema, errorAnswers, MessageSchema } from "./schemas.ts";

const batchLimit = 8 * 1024 * 1024;
const maxWaitS = 30;
/** A command that was handed out and has no outcome is handed out again after this: the answer may have been lost. */
const handAgainMs = 5 * SECOND;

const SupervisorParams = Type.Object({ id: Type.String({ minLength: 1, maxLength: 128 }) });
/** Known by their keys; their pace is their own. */
const config = { scope: "ingest", rateLimit: false } as const;

/** What supervisors call; they always call, and commands come in the answers. */
export function registerSupervisors(app: App, context: ApiContext): void {
  const { intake } = context;
  app.post(
    "/api/v1/supervisors/:id/batch",
    {
      config,
      bodyLimit: batchLimit,
      schema: {
        tags: ["supervisors"],
        summary: "What a supervisor's spool holds, in order; answered after it is durable. Harmless twice.",
        params: SupervisorParams,
        response: { 200: BatchAnswerSchema, 413: errorAnswers[400], ...errorAnswers },
      },
    },
    async (request) => {
      const parsed = parseSupervisorBatch(request.body);
      if (!parsed.ok) throw invalidFields(parsed.errors);
      refuseForeignAgents(request, parsed.batch);
      return intake.receive(request.params.id, parsed.batch);
    },
  );
  registerCommands(app, context);
  registerOutcomes(app, context);
}

function registerCommands(app: App, context: ApiContext): void {
  /** When each command was last handed out; those of more than a minute ago are swept out. */
  const handedAt = new Map<string, number>();
  app.get(
    "/api/v1/supervisors/:id/commands",
    {
      config,
      schema: {
        tags: ["supervisors"],
        summary: "Commands for this supervisor; waits for one, or for a change in what its agents are told.",
        params: SupervisorParams,
        querystring: Type.Object(
          { wait_s: Type.Optional(Type.String({ pattern: "^[0-9]{1,2}$", description: `0–${maxWaitS}` })) },
          { additionalProperties: false },
        ),
        response: { 200: CommandsAnswerSchema, ...errorAnswers },
      },
    },
    async (request, reply): Promise<CommandsAnswer> => {
      const { id } = request.params;
      const waitMs = Math.min(maxWaitS, Number(request.query.wait_s ?? 0)) * SECOND;
      const rows = await waitForCommands(id, { context, waitMs, gaveUp: closed(reply), handedAt });
      context.supervisors.heard(id);
      const sees = accessOf(request);
      const agents = await context.intake.agentsOf(id);
      return {
        commands: rows.filter(({ agent }) => sees(agent)).map(commandView),
        agents: agents.filter(({ name }) => sees(name)),
      };
    },
  );
}

async function waitForCommands(
  id: string,
  given: {
    readonly context: ApiContext;
    readonly waitMs: number;
    readonly gaveUp: AbortSignal;
    readonly handedAt: Map<string, number>;
  },
): Promise<readonly CommandRow[]> {
  const { context, waitMs, gaveUp, handedAt } = given;
  const { store, clock, supervisors, bell } = context;
  const until = clock.monotonic() + waitMs;
  supervisors.heard(id);
  for (;;) {
    const rows = await store.commandsFor(id);
    const now = clock.monotonic();
    const fresh = rows.some((row) => now - (handedAt.get(row.id) ?? Number.NEGATIVE_INFINITY) >= handAgainMs);
    const left = until - now;
    if (fresh || left <= 0 || gaveUp.aborted || bell.isClosed) {
      for (const [known, at] of handedAt) if (now - at > MINUTE) handedAt.delete(known);
      for (const row of rows) handedAt.set(row.id, now);
      return rows;
    }
    // Unfinished ones are looked at again in a while, even when nobody rings.
    const rung = await bell.wait(id, rows.length > 0 ? Math.min(left, handAgainMs) : left, gaveUp);
    if (rung) return store.commandsFor(id);
  }
}

function registerOutcomes(app: App, { store, ledger, clock }: ApiContext): void {
  app.post(
    "/api/v1/supervisors/:id/commands/:command/outcome",
    {
      config,
      schema: {
        tags: ["supervisors"],
        summary: "What became of a command. The first outcome stays.",
        params: Type.Object({ ...SupervisorParams.properties, command: Type.String({ minLength: 1, maxLength: 128 }) }),
        body: Type.Object({ ok: Type.Boolean(), message: Type.String({ maxLength: 2_000 }) }),
        response: { 200: MessageSchema, ...errorAnswers },
      },
    },
    async (request) => {
      const { id, command: commandId } = request.params;
      const { ok, message } = request.body;
      const command = await store.command(commandId);
      if (command?.supervisor !== id) {
        throw new ApiError(404, "unknown_command", `this supervisor has no command ${commandId}`);
      }
      const refused = agentRefusal(callerOf(request), command.agent);
      if (refused) throw refused;
      if (command.state === "done" || command.state === "failed")
        return { ok: true as const, message: "known already" };
      const at = clock.now();
      const outcome = { id: commandId, state: ok ? "done" : "failed", message, at } as const;
      const entry = commandEnded(command, { ok, message, at });
      await ledger.commit([{ name: command.agent, events: [], registerAt: null, entries: [entry] }], {
        outcomes: [outcome],
      });
      return { ok: true as const, message: "noted" };
    },
  );
}

function commandView({ id, agent, command, dependents, by, at }: CommandRow): CommandsAnswer["commands"][number] {
  // Written by the actions route, which writes no other words.
  return {
    id,
    agent,
    command: command as CommandsAnswer["commands"][number]["command"],
    ...(dependents ? { dependents } : {}),
    by,
    at: iso(at),
  };
}

/** A key for some agents delivers nothing of others: the whole batch is refused, so that nothing is lost unnoticed. */
function refuseForeignAgents(request: FastifyRequest, batch: SupervisorBatch): void {
  const caller = callerOf(request);
  if (caller.agentGlob === null) return;
  const names = batch.items.flatMap((item) =>
    item.is === "fact" ? [item.fact.agent] : item.is === "beat" && item.parsed.ok ? [item.parsed.beat.agent] : [],
  );
  for (const name of [...batch.agents.map((agent) => agent.name), ...names]) {
    const refused = agentRefusal(caller, name);
    if (refused) throw refused;
  }
}

/** Aborts when the caller is gone. */
function closed(reply: FastifyReply): AbortSignal {
  const controller = new AbortController();
  reply.raw.on("close", () => controller.abort());
  return controller.signal;
}
