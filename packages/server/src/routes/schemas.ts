import { Type, type TSchema } from "typebox";

export const Iso = Type.String({ format: "date-time" });
export const orNull = <T extends TSchema>(schema: T) => Type.Union([schema, Type.Null()]);

export const ErrorSchema = Type.Object({
  error: Type.Object({
    code: Type.String(),
    message: Type.String(),
    details: Type.Optional(Type.Array(Type.Object({ path: Type.String(), message: Type.String() }))),
  }),
});

export const DirectiveSchema = Type.Union([Type.Literal("continue"), Type.Literal("pause"), Type.Literal("stop")]);
const WarningSchema = orNull(Type.Union([Type.Literal("loop_detected"), Type.Literal("cost_exceeded")]));

export const BeatAnswerSchema = Type.Object({
  ok: Type.Literal(true),
  agent: Type.String(),
  agent_id: Type.Integer(),
  state: Type.String(),
  directive: DirectiveSchema,
  reason: orNull(Type.String()),
  next_beat_by: orNull(Iso),
  warning: WarningSchema,
});

const SeveritySchema = Type.Union([Type.Literal("page"), Type.Literal("warn"), Type.Literal("info")]);

export const BeatSchema = Type.Object({
  at: Iso,
  status: Type.String(),
  tokens: Type.Integer(),
  baseline: orNull(Type.Number()),
  cycle: orNull(Type.Integer()),
  cycle_kind: orNull(Type.String()),
  cycle_ms: orNull(Type.Number()),
  cost_usd: orNull(Type.Number()),
  message: orNull(Type.String()),
});

const evidenceLine = {
  id: Type.Integer(),
  at: Iso,
  why: Type.Union([Type.Literal("hung"), Type.Literal("crashed"), Type.Literal("overdue")]),
  summary: Type.String({ description: "One line for a person: the most telling fact" }),
};

export const IncidentSchema = Type.Object({
  id: Type.Integer(),
  agent: Type.String(),
  kind: Type.String(),
  severity: SeveritySchema,
  state: Type.Union([Type.Literal("open"), Type.Literal("resolved")]),
  opened_at: Iso,
  since: Iso,
  resolved_at: orNull(Iso),
  resolved_by: orNull(Type.String()),
  duration_s: Type.Number(),
  acknowledged: orNull(Type.Object({ at: Iso, by: Type.String() })),
  title: Type.String(),
  text: Type.String(),
  numbers: Type.Record(Type.String(), Type.Union([Type.Number(), Type.String()])),
  evidence: Type.Array(Type.Object(evidenceLine)),
});

export const EvidenceSchema = Type.Object({
  ...evidenceLine,
  agent: Type.String(),
  run_id: Type.String(),
  items: Type.Array(Type.Object({ name: Type.String(), text: Type.String() })),
});

export const CommandSchema = Type.Object({
  id: Type.String(),
  agent: Type.String(),
  command: Type.String(),
  dependents: Type.Boolean(),
  by: Type.String(),
  asked_with: orNull(Type.String({ description: "The label of the key, or the session, that asked" })),
  supervisor: orNull(Type.String({ description: "Who carries it out; null for what the server does by itself" })),
  state: Type.Union([
    Type.Literal("waiting"),
    Type.Literal("delivered"),
    Type.Literal("done"),
    Type.Literal("failed"),
    Type.Literal("expired"),
  ]),
  message: orNull(Type.String()),
  asked_at: Iso,
  finished_at: orNull(Iso),
});

export const EventSchema = Type.Object({
  id: Type.Integer(),
  agent: Type.String(),
  at: Iso,
  kind: Type.String(),
  text: Type.String(),
  data: Type.Record(Type.String(), Type.Union([Type.Number(), Type.String(), Type.Boolean(), Type.Null()])),
});

export const LimitSchema = Type.Object({
  name: Type.String({ description: "Such as usd_per_day" }),
  limit: Type.Number({ description: "Dollars or tokens" }),
  spent: Type.Number(),
  level: Type.Union([Type.Literal("within"), Type.Literal("near"), Type.Literal("exceeded")]),
  until: orNull(Iso),
  unpriced_tokens: Type.Integer(),
  set_by: Type.Union([Type.Literal("configuration"), Type.Literal("operator")]),
});

export const AgentSchema = Type.Object({
  id: Type.Integer(),
  name: Type.String(),
  state: Type.String(),
  since: Iso,
  first_seen_at: Iso,
  last_beat_at: orNull(Iso),
  last_status: orNull(Type.String()),
  last_message: orNull(Type.String()),
  next_beat_by: orNull(Iso),
  interval_s: Type.Number(),
  interval_source: Type.String(),
  missed: Type.Integer(),
  lease: orNull(Type.Object({ until: Iso, reason: orNull(Type.String()) })),
  run_id: orNull(Type.String()),
  beats_total: Type.Integer(),
  tokens_total: Type.Integer(),
  cost_usd_total: Type.Number(),
  baseline_tokens: orNull(Type.Number()),
  alarm_tokens: orNull(Type.Number()),
  restarts_today: Type.Integer(),
  recovery: orNull(
    Type.Object({
      phase: Type.String(),
      attempt: Type.Integer(),
      of: Type.Integer(),
      next_attempt_at: orNull(Iso),
      reason: orNull(Type.String()),
    }),
  ),
  host: orNull(Type.String()),
  supervisor: orNull(Type.Object({ id: Type.String(), lost: Type.Boolean() })),
  liveness: Type.String(),
  paused: orNull(Type.Object({ by: Type.String(), reason: Type.String(), until: orNull(Iso) })),
  budget: Type.Array(LimitSchema),
  metered_by: Type.Array(Type.String()),
  unpriced_tokens: Type.Integer({ description: "Of this month" }),
  tags: Type.Array(Type.String()),
  clock_skew_s: orNull(Type.Number()),
  incidents: Type.Array(
    Type.Object({
      id: Type.Integer(),
      kind: Type.String(),
      severity: SeveritySchema,
      opened_at: Iso,
      title: Type.String(),
      acknowledged: Type.Boolean(),
    }),
  ),
  recent: Type.Optional(Type.Array(BeatSchema)),
});

/** Parameters arrive as text and nothing is coerced, so numbers are patterns here. */
export const PageQuery = {
  limit: Type.Optional(Type.String({ pattern: "^[1-9][0-9]{0,3}$", description: "1–1000; 100 unless given" })),
  cursor: Type.Optional(Type.String({ maxLength: 1_024, description: "`next` of the page before" })),
};

export const SpanQuery = {
  from: Type.Optional(Type.String({ maxLength: 40, description: "RFC 3339; from this time on" })),
  to: Type.Optional(Type.String({ maxLength: 40, description: "RFC 3339; before this time" })),
};

export function pageSchema<T extends TSchema>(items: T) {
  return Type.Object({ items: Type.Array(items), next: orNull(Type.String()) });
}

/** A number in a path. What is none is told as what does not exist, in words. */
export const NumberParams = Type.Object({ id: Type.String({ maxLength: 128 }) });

export const AgentParams = Type.Object({ name: Type.String({ minLength: 1, maxLength: 512 }) });

export const KeySchema = Type.Object({
  id: Type.Integer(),
  prefix: Type.String({ description: "The key's first characters, to tell keys apart" }),
  scope: Type.String(),
  agent: orNull(Type.String()),
  label: Type.String(),
  created_at: Iso,
  revoked_at: orNull(Iso),
});

const SupervisedAgentSchema = Type.Object({
  name: Type.String(),
  directive: DirectiveSchema,
  reason: orNull(Type.String()),
  warning: WarningSchema,
  direct_beat_at: orNull(Type.Integer({ description: "Milliseconds of the server's clock" })),
  direct_run_id: orNull(Type.String()),
  direct_status: orNull(Type.String()),
  direct_lease_ms: orNull(Type.Integer()),
  direct_interval_ms: orNull(Type.Integer()),
});

export const BatchAnswerSchema = Type.Object({
  upto: Type.Integer({ description: "Everything up to this number is durable" }),
  beats: Type.Array(Type.Union([BeatAnswerSchema, ErrorSchema])),
  agents: Type.Array(SupervisedAgentSchema),
});

export const CommandsAnswerSchema = Type.Object({
  commands: Type.Array(
    Type.Object({
      id: Type.String(),
      agent: Type.String(),
      command: Type.Union([
        Type.Literal("restart"),
        Type.Literal("stop"),
        Type.Literal("start"),
        Type.Literal("pause"),
        Type.Literal("resume"),
        Type.Literal("kill"),
      ]),
      dependents: Type.Optional(Type.Boolean()),
      by: Type.String(),
      at: Iso,
    }),
  ),
  agents: Type.Array(SupervisedAgentSchema),
});

export const MessageSchema = Type.Object({ ok: Type.Literal(true), message: Type.String() });

/** What every route with a key may answer besides what was asked for. */
export const errorAnswers = {
  400: ErrorSchema,
  401: ErrorSchema,
  403: ErrorSchema,
  404: ErrorSchema,
  422: ErrorSchema,
  429: ErrorSchema,
  503: ErrorSchema,
};
