import type { ChannelView, NotificationView } from "@midwatch/protocol";
import { message } from "@midwatch/protocol";
import type { Attempt, OutboxRow } from "@midwatch/store";
import { Type } from "typebox";
import { ApiError } from "../errors.ts";
import type { ApiContext, App } from "../http/api-context.ts";
import { iso, isoOrNull } from "../views/time.ts";
import { requireFullAccess } from "./access.ts";
import { pageAsked } from "./paging.ts";
import { errorAnswers, Iso, orNull, PageQuery } from "./schemas.ts";
import { whoAsks } from "./who-asks.ts";

/** Longer than a channel's own limit, and shorter than a client waits. */
const testLimitMs = 12_000;

const ChannelSchema = Type.Object({
  name: Type.String(),
  type: Type.String(),
  can_update: Type.Boolean({ description: "A message that was sent can be changed" }),
  failing_since: orNull(Iso),
  error: orNull(Type.String({ description: "Why it fails for good" })),
  waiting: Type.Integer({ description: "Notifications that are not delivered yet" }),
  oldest_s: Type.Number({ description: "Age of the oldest of them" }),
  failed: Type.Integer({ description: "Given up, and still kept" }),
});

const NotificationSchema = Type.Object({
  key: Type.String(),
  channel: Type.String(),
  agent: orNull(Type.String()),
  thread: orNull(Type.String()),
  type: Type.String(),
  title: Type.String(),
  at: Iso,
  state: Type.Union([Type.Literal("waiting"), Type.Literal("claimed"), Type.Literal("sent"), Type.Literal("failed")]),
  finished_at: orNull(Iso),
  next_at: orNull(Iso),
  attempts: Type.Array(
    Type.Object({
      n: Type.Integer(),
      at: Iso,
      took_s: Type.Number(),
      error: orNull(Type.String()),
      retry_at: orNull(Iso),
    }),
  ),
});

/** Channels, how they do, and what went through them. */
export function registerNotifications(app: App, context: ApiContext): void {
  registerChannelList(app, context);
  registerChannelTest(app, context);
  registerDeliveryLog(app, context);
}

function registerChannelList(app: App, { store, clock, channels, channelTypeOf, channelHealth }: ApiContext): void {
  app.get(
    "/api/v1/channels",
    {
      config: { scope: "read" },
      schema: {
        tags: ["alerts"],
        summary: "All channels, and how they do.",
        response: { 200: Type.Object({ items: Type.Array(ChannelSchema) }), ...errorAnswers },
      },
    },
    async (request) => {
      requireFullAccess(request);
      const lag = await store.outboxLag(clock.now());
      const views = [...channels.values()].map(async ({ name, canUpdate }): Promise<ChannelView> => {
        const { since, error } = await channelHealth(name);
        const { waiting = 0, oldestMs = 0, failed = 0 } = lag.get(name) ?? {};
        return {
          ...{ name, type: channelTypeOf(name), can_update: canUpdate ?? false },
          ...{ failing_since: isoOrNull(since), error, waiting, oldest_s: oldestMs / 1_000, failed },
        };
      });
      return { items: await Promise.all(views) };
    },
  );
}

function registerChannelTest(app: App, { channels, clock }: ApiContext): void {
  app.post(
    "/api/v1/channels/:name/test",
    {
      config: { scope: "admin" },
      schema: {
        tags: ["alerts"],
        summary: "Send a test message at once, past everything that waits.",
        params: Type.Object({ name: Type.String({ maxLength: 128 }) }),
        response: {
          200: Type.Object({ ok: Type.Boolean(), message: Type.String({ description: "What the other side said" }) }),
          ...errorAnswers,
        },
      },
    },
    async (request) => {
      requireFullAccess(request);
      const channel = channels.get(request.params.name);
      if (channel === undefined) {
        const known = channels.size === 0 ? "none is set up" : `there are ${[...channels.keys()].join(", ")}`;
        throw new ApiError(404, "unknown_channel", `there is no channel of this name; ${known}`);
      }
      const now = clock.now();
      const test = message({
        type: "test",
        id: `test_${now}`,
        at: iso(now),
        severity: "info",
        title: "a test: this channel works",
        text: `${whoAsks(request)} asked for it. Nothing is wrong, and nothing is to be done.`,
      });
      const outcome = await channel.send(test, AbortSignal.timeout(testLimitMs));
      return outcome.sent
        ? {
            ok: true,
            message: [`${channel.name} took the test message`, outcome.remark].filter(Boolean).join(", but "),
          }
        : { ok: false, message: outcome.error };
    },
  );
}

function registerDeliveryLog(app: App, { store }: ApiContext): void {
  const text = (maxLength: number) => Type.Optional(Type.String({ minLength: 1, maxLength }));
  app.get(
    "/api/v1/notifications",
    {
      config: { scope: "read" },
      schema: {
        tags: ["alerts"],
        summary: "What was sent, or waits, with every try; newest first.",
        querystring: Type.Object({
          ...PageQuery,
          channel: text(128),
          agent: text(128),
          thread: text(200),
          state: Type.Optional(NotificationSchema.properties.state),
        }),
        response: {
          200: Type.Object({ items: Type.Array(NotificationSchema), next: orNull(Type.String()) }),
          ...errorAnswers,
        },
      },
    },
    async (request) => {
      requireFullAccess(request);
      const { channel, agent, thread, state } = request.query;
      const page = await store.outbox({
        ...pageAsked(request.query),
        ...(channel === undefined ? {} : { channel }),
        ...(agent === undefined ? {} : { agent }),
        ...(thread === undefined ? {} : { thread }),
        ...(state === undefined ? {} : { state }),
      });
      const attempts = await store.attempts(page.items.map(({ id }) => id));
      return { items: page.items.map((row) => notificationView(row, attempts.get(row.id) ?? [])), next: page.next };
    },
  );
}

function notificationView(row: OutboxRow, attempts: readonly Attempt[]): NotificationView {
  const { key, channel, agent, thread = null, body, at, state, finishedAt, nextAt } = row;
  return {
    ...{ key, channel, agent, thread, state },
    type: String(body["type"]),
    title: String(body["title"]),
    at: iso(at),
    finished_at: isoOrNull(finishedAt),
    next_at: finishedAt === null ? iso(nextAt) : null,
    attempts: attempts.map(({ n, at: ended, tookMs, error, retryAt }) => {
      return { n, at: iso(ended), took_s: tookMs / 1_000, error, retry_at: isoOrNull(retryAt) };
    }),
  };
}
