import type { KeyRow } from "@midwatch/store";
import { Type } from "typebox";
import { ApiError } from "../errors.ts";
import type { ApiContext, App } from "../http/api-context.ts";
import { createKey } from "../keys/key.ts";
import { iso, isoOrNull } from "../views/time.ts";
import { requireFullAccess } from "./access.ts";
import { errorAnswers, KeySchema, MessageSchema } from "./schemas.ts";

/** Making, listing and revoking keys. */
export function registerKeys(app: App, context: ApiContext): void {
  registerKeyList(app, context);
  registerKeyCreation(app, context);
  registerKeyRevocation(app, context);
}

function registerKeyList(app: App, { store }: ApiContext): void {
  app.get(
    "/api/v1/keys",
    {
      config: { scope: "admin" },
      schema: {
        tags: ["keys"],
        summary: "All keys, by their first characters.",
        response: { 200: Type.Object({ items: Type.Array(KeySchema) }), ...errorAnswers },
      },
    },
    async (request) => {
      requireFullAccess(request);
      return { items: (await store.keys()).map(keyView) };
    },
  );
}

function registerKeyCreation(app: App, { store, clock, check }: ApiContext): void {
  app.post(
    "/api/v1/keys",
    {
      config: { scope: "admin" },
      schema: {
        tags: ["keys"],
        summary: "Make a key. It is shown in this answer and never again.",
        body: Type.Object(
          {
            scope: Type.Union([Type.Literal("ingest"), Type.Literal("read"), Type.Literal("admin")]),
            agent: Type.Optional(
              Type.String({
                minLength: 1,
                maxLength: 128,
                description: "Glob of the agents it speaks for; all unless given",
              }),
            ),
            label: Type.Optional(Type.String({ maxLength: 64 })),
          },
          { additionalProperties: false },
        ),
        response: {
          201: Type.Object({ ...KeySchema.properties, key: Type.String({ description: "`mw_…`, shown once" }) }),
          ...errorAnswers,
        },
      },
    },
    async (request, reply) => {
      requireFullAccess(request);
      const { scope, agent, label } = request.body;
      const { key, row } = await createKey(store, {
        scope,
        agentGlob: agent ?? null,
        label: label ?? "",
        at: clock.now(),
      });
      await check.keys.reread();
      return reply.code(201).send({ ...keyView(row), key });
    },
  );
}

function registerKeyRevocation(app: App, { store, clock, check }: ApiContext): void {
  app.delete(
    "/api/v1/keys/:id",
    {
      config: { scope: "admin" },
      schema: {
        tags: ["keys"],
        summary: "Revoke a key, at once and for good.",
        params: Type.Object({ id: Type.String({ pattern: "^[1-9][0-9]{0,15}$" }) }),
        response: { 200: MessageSchema, ...errorAnswers },
      },
    },
    async (request) => {
      requireFullAccess(request);
      const id = Number(request.params.id);
      const known = (await store.keys()).find((key) => key.id === id);
      if (!known) throw new ApiError(404, "unknown_key", `there is no key ${id}; GET /api/v1/keys lists them`);
      await store.revokeKey(id, clock.now());
      await check.keys.reread();
      return { ok: true as const, message: `key ${id} (${known.prefix}…) is revoked` };
    },
  );
}

function keyView(row: KeyRow) {
  return {
    id: row.id,
    prefix: row.prefix,
    scope: row.scope,
    agent: row.agentGlob,
    label: row.label,
    created_at: iso(row.createdAt),
    revoked_at: isoOrNull(row.revokedAt),
  };
}
