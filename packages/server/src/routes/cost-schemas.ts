// The shapes of what was spent, and of what meters and server say to each other.

import { Type } from "typebox";
import { DirectiveSchema, Iso, LimitSchema, orNull } from "./schemas.ts";

export const SharedBudgetSchema = Type.Object({ name: Type.String(), limits: Type.Array(LimitSchema) });

const tokenCounts = {
  input_tokens: Type.Integer({ description: "Includes cache tokens" }),
  output_tokens: Type.Integer({ description: "Includes reasoning tokens" }),
  cache_read_tokens: Type.Integer(),
  cache_write_tokens: Type.Integer(),
  reasoning_tokens: Type.Integer(),
};

export const CallSchema = Type.Object({
  key: Type.String(),
  at: Iso,
  source: Type.String(),
  provider: orNull(Type.String()),
  model: orNull(Type.String()),
  ...tokenCounts,
  calls: Type.Integer(),
  cost_usd: orNull(Type.Number({ description: "Null is unpriced" })),
  priced_by: orNull(Type.String()),
  price_version: orNull(Type.String()),
  outcome: Type.String(),
  estimated: Type.Boolean(),
  counted: Type.Boolean(),
  session: orNull(Type.String()),
  remarks: Type.Array(Type.String()),
});

export const CostAnswerSchema = Type.Object({
  from: Iso,
  to: Iso,
  rows: Type.Array(
    Type.Object({
      agent: Type.String(),
      provider: orNull(Type.String()),
      model: orNull(Type.String()),
      source: Type.String(),
      counted: Type.Boolean({ description: "False: another source tells of the same calls" }),
      calls: Type.Integer(),
      ...tokenCounts,
      cost_usd: Type.Number(),
      unpriced_tokens: Type.Integer(),
    }),
  ),
});

const standing = {
  directive: DirectiveSchema,
  reason: orNull(Type.String()),
  until: orNull(Iso),
  budgeted: Type.Boolean(),
};

export const StandingsSchema = Type.Object({
  rev: Type.String(),
  agents: Type.Array(Type.Object({ agent: Type.String(), ...standing })),
  others: Type.Object(standing),
});

export const MeterBatchAnswerSchema = Type.Object({ upto: Type.Integer(), standings: StandingsSchema });
