import { DAY, INCIDENT_KINDS, spellDuration, type Ms } from "@midwatch/core";
import { parseDuration, type SilenceView } from "@midwatch/protocol";
import type { SilenceDraft, SilenceMatch, SilenceRow } from "@midwatch/store";
import { Type, type Static } from "typebox";
import { ApiError } from "../errors.ts";
import type { ApiContext, App } from "../http/api-context.ts";
import { iso } from "../views/time.ts";
import { requireFullAccess } from "./access.ts";
import { invalidField, rowNumber, timeOf } from "./paging.ts";
import { errorAnswers, Iso, MessageSchema } from "./schemas.ts";
import { whoAsks } from "./who-asks.ts";

/** Who wants peace for longer pauses the agent, or changes the routes. */
const longestMs = 30 * DAY;

const names = (description: string) =>
  Type.Optional(Type.Array(Type.String({ minLength: 1, maxLength: 128 }), { minItems: 1, maxItems: 100, description }));

const SilenceBody = Type.Object(
  {
    agents: names("Names; `*` stands for any characters"),
    tags: names("Tags"),
    kinds: names("Kinds of incidents"),
    everything: Type.Optional(Type.Boolean({ description: "Needed where no part says what is meant" })),
    for: Type.Optional(Type.String({ maxLength: 20, description: "How long, such as 1h" })),
    until: Type.Optional(Type.String({ maxLength: 40, description: "Instead of `for`: when it ends" })),
    reason: Type.Optional(Type.String({ maxLength: 200 })),
    by: Type.Optional(Type.String({ maxLength: 64, description: "Who asks" })),
  },
  { additionalProperties: false },
);

const SilenceSchema = Type.Object({
  id: Type.Integer(),
  agents: Type.Array(Type.String()),
  tags: Type.Array(Type.String()),
  kinds: Type.Array(Type.String()),
  from: Iso,
  until: Iso,
  reason: Type.String(),
  by: Type.String(),
});

/** Silences: nothing is told of what they fit, until they end. Incidents are opened and shown all the same. */
export function registerSilences(app: App, context: ApiContext): void {
  registerSilenceList(app, context);
  registerSilenceCreation(app, context);
  registerSilenceEnd(app, context);
}

function registerSilenceList(app: App, { silences, clock }: ApiContext): void {
  app.get(
    "/api/v1/silences",
    {
      config: { scope: "read" },
      schema: {
        tags: ["alerts"],
        summary: "Silences that last.",
        response: { 200: Type.Object({ items: Type.Array(SilenceSchema) }), ...errorAnswers },
      },
    },
    (request) => {
      requireFullAccess(request);
      const now = clock.now();
      return {
        items: silences
          .known()
          .filter(({ until, endedAt }) => until > now && endedAt === null)
          .map(silenceView),
      };
    },
  );
}

/** Throws 409 when there are too many. */
export async function addSilence(
  { silences, clock, desk }: Pick<ApiContext, "silences" | "clock" | "desk">,
  wanted: Pick<SilenceDraft, "match" | "until" | "reason" | "by">,
): Promise<SilenceRow> {
  if (silences.isFull) {
    throw new ApiError(409, "too_many_silences", "there are too many silences; end some of them first");
  }
  const now = clock.now();
  const row = await silences.add({ ...wanted, from: now, createdAt: now });
  desk.wake();
  return row;
}

function registerSilenceCreation(app: App, context: ApiContext): void {
  app.post(
    "/api/v1/silences",
    {
      config: { scope: "admin" },
      schema: {
        tags: ["alerts"],
        summary: "Tell nobody of what fits, for a while.",
        body: SilenceBody,
        response: { 201: SilenceSchema, ...errorAnswers },
      },
    },
    async (request, reply) => {
      requireFullAccess(request);
      const match = matchOf(request.body);
      const until = endOf(request.body, context.clock.now());
      const by = whoAsks(request);
      const row = await addSilence(context, { match, until, reason: request.body.reason ?? "", by });
      return reply.code(201).send(silenceView(row));
    },
  );
}

function registerSilenceEnd(app: App, { silences, desk }: ApiContext): void {
  app.delete(
    "/api/v1/silences/:id",
    {
      config: { scope: "admin" },
      schema: {
        tags: ["alerts"],
        summary: "End a silence before its time; what is still open is told within half a minute.",
        params: Type.Object({ id: Type.String({ maxLength: 20 }) }),
        response: { 200: MessageSchema, ...errorAnswers },
      },
    },
    async (request) => {
      requireFullAccess(request);
      const id = rowNumber(request.params.id);
      if (id === null || !(await silences.end(id, whoAsks(request)))) {
        const message = `there is no silence ${request.params.id} that lasts; GET /api/v1/silences lists them`;
        throw new ApiError(404, "unknown_silence", message);
      }
      desk.wake();
      return { ok: true as const, message: `silence ${id} has ended; what is still open is told within half a minute` };
    },
  );
}

function matchOf({ agents, tags, kinds, everything }: Static<typeof SilenceBody>): SilenceMatch {
  const known = INCIDENT_KINDS.filter((kind) => kinds?.includes(kind));
  const unknown = kinds?.find((kind) => !known.some((one) => one === kind));
  if (unknown !== undefined) {
    throw invalidField(
      "kinds",
      `has "${unknown.slice(0, 40)}", which is no kind; there are ${INCIDENT_KINDS.join(", ")}`,
    );
  }
  if (agents === undefined && tags === undefined && kinds === undefined && everything !== true) {
    throw invalidField("agents", "or tags or kinds must say what is meant; `everything: true` is for all of it");
  }
  return {
    ...(agents === undefined ? {} : { agents }),
    ...(tags === undefined ? {} : { tags }),
    ...(kinds === undefined ? {} : { kinds: known }),
  };
}

function endOf(body: Static<typeof SilenceBody>, now: Ms): Ms {
  const field = body.until === undefined ? "for" : "until";
  if ((body.for === undefined) === (body.until === undefined)) {
    throw invalidField(field, "must be given, one of the two: `for`, such as 1h, or `until`, a time");
  }
  const until = timeOf(body.until, "until") ?? now + lengthOf(body.for ?? "");
  if (until <= now) throw invalidField(field, "must end later than now");
  if (until - now > longestMs) throw invalidField(field, `must end within ${spellDuration(longestMs)}`);
  return until;
}

function lengthOf(text: string): number {
  const parsed = parseDuration(text);
  if (parsed.ok) return parsed.ms;
  throw invalidField("for", parsed.message);
}

function silenceView({ id, match, from, until, reason, by }: SilenceRow): SilenceView {
  return {
    id,
    agents: [...(match.agents ?? [])],
    tags: [...(match.tags ?? [])],
    kinds: [...(match.kinds ?? [])],
    from: iso(from),
    until: iso(until),
    reason,
    by,
  };
}
