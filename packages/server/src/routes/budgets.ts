import { Type } from "typebox";
import { ApiError } from "../errors.ts";
import type { ApiContext, App } from "../http/api-context.ts";
import type { SharedBudget } from "../metering/shared-budget.ts";
import { limitViews } from "../views/budget-view.ts";
import { requireFullAccess } from "./access.ts";
import { BudgetBody, limitsOf } from "./budget-body.ts";
import { invalidField } from "./paging.ts";
import { errorAnswers } from "./schemas.ts";
import { SharedBudgetSchema } from "./cost-schemas.ts";

/** Budgets that several agents share. An agent's own is one of its settings. */
export function registerBudgets(app: App, { shared, clock }: ApiContext): void {
  const view = ({ name, limits, state }: SharedBudget) => ({
    name,
    limits: limitViews(state.spent, limits, { now: clock.now(), set: state.set }),
  });
  app.get(
    "/api/v1/budgets",
    {
      config: { scope: "read" },
      schema: {
        tags: ["budgets"],
        summary: "Budgets that several agents share, and how they stand.",
        response: { 200: Type.Object({ items: Type.Array(SharedBudgetSchema) }), ...errorAnswers },
      },
    },
    (request) => {
      requireFullAccess(request);
      return { items: shared.list().map(view) };
    },
  );
  app.patch(
    "/api/v1/budgets/:name",
    {
      config: { scope: "admin" },
      schema: {
        tags: ["budgets"],
        summary:
          "Set limits for all agents (`install`) or for those with a tag (`tag:research`). Null goes back to the file.",
        params: Type.Object({ name: Type.String({ minLength: 1, maxLength: 128 }) }),
        body: BudgetBody,
        response: { 200: SharedBudgetSchema, ...errorAnswers },
      },
    },
    async (request) => {
      requireFullAccess(request);
      const { name } = request.params;
      if (name !== "install" && !/^tag:.+/.test(name)) {
        throw new ApiError(404, "unknown_budget", `there is no budget "${name}": use install, or tag: and a tag`);
      }
      const limits = limitsOf(request.body);
      const cycle = Object.keys(limits).find((limit) => limit.endsWith("_per_cycle"));
      if (cycle !== undefined) throw invalidField(cycle, "is for one agent: several agents have no cycle in common");
      return view(await shared.set(name, limits));
    },
  );
}
