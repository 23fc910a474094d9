import type { StoredEvidence } from "@midwatch/store";
import type { EvidenceView } from "@midwatch/protocol";
import { ApiError } from "../errors.ts";
import type { ApiContext, App } from "../http/api-context.ts";
import { iso } from "../views/time.ts";
import { requireAccess } from "./access.ts";
import { errorAnswers, EvidenceSchema, NumberParams } from "./schemas.ts";
import { rowNumber } from "./paging.ts";

/** What a run was doing when it hung or ended. Which evidence there is stands with its incident. */
export function registerEvidence(app: App, { store }: ApiContext): void {
  app.get(
    "/api/v1/evidence/:id",
    {
      config: { scope: "read" },
      schema: {
        tags: ["incidents"],
        summary: "One piece of evidence, whole: stack, process facts, last output, last beats.",
        params: NumberParams,
        response: { 200: EvidenceSchema, ...errorAnswers },
      },
    },
    async (request) => {
      const { id } = request.params;
      const number = rowNumber(id);
      const found = number === null ? null : await store.evidence(number);
      if (!found) {
        throw new ApiError(
          404,
          "unknown_evidence",
          `there is no evidence ${id.slice(0, 40)}: GET /api/v1/incidents tells what there is, and only the newest of each agent is kept`,
        );
      }
      requireAccess(request, found.agent);
      return evidenceView(found);
    },
  );
}

function evidenceView({ id, agent, at, runId, why, summary, items }: StoredEvidence): EvidenceView {
  return { id, agent, at: iso(at), run_id: runId, why, summary, items: items.map((item) => ({ ...item })) };
}
