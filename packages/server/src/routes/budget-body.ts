import { LIMIT_NAMES, limitsFromWire } from "@midwatch/protocol";
import { Type } from "typebox";
import type { LimitChanges } from "../settings.ts";

/** 10^12 tokens or 10^9 dollars: beyond any honest budget. */
const mostTokens = 1_000_000_000_000;
const mostDollars = 1_000_000_000;

/** Limits as an operator sets them: dollars or tokens; null goes back to what would hold without. */
export const BudgetBody = Type.Object(
  Object.fromEntries(
    LIMIT_NAMES.map((name) => [
      name,
      Type.Optional(
        Type.Union([
          name.startsWith("usd")
            ? Type.Number({ exclusiveMinimum: 0, maximum: mostDollars, description: "US dollars" })
            : Type.Integer({ minimum: 1, maximum: mostTokens, description: "Tokens" }),
          Type.Null(),
        ]),
      ),
    ]),
  ),
  { additionalProperties: false },
);

/** The limits of a body in the units of the rules; null stays null. */
export function limitsOf(body: LimitChanges): LimitChanges {
  const taken = Object.entries(body).filter(([, limit]) => limit === null);
  const given = Object.entries(body).filter(([, limit]) => limit !== null);
  // What is left has numbers.
  return { ...limitsFromWire(Object.fromEntries(given)), ...Object.fromEntries(taken) };
}
