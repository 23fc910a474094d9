import type { ApiContext, App } from "./api-context.ts";
import { registerAct } from "../routes/act.ts";
import { registerActions } from "../routes/actions.ts";
import { registerAgents } from "../routes/agents.ts";
import { registerAgentSettings } from "../routes/agent-settings.ts";
import { registerBudgets } from "../routes/budgets.ts";
import { registerCommandList } from "../routes/commands.ts";
import { registerCosts } from "../routes/costs.ts";
import { registerDashboard } from "../routes/dashboard.ts";
import { registerEvidence } from "../routes/evidence.ts";
import { registerHeartbeats } from "../routes/heartbeats.ts";
import { registerIncidents } from "../routes/incidents.ts";
import { registerKeys } from "../routes/keys.ts";
import { registerMeters } from "../routes/meters.ts";
import { registerNotifications } from "../routes/notifications.ts";
import { registerProbes } from "../routes/probes.ts";
import { registerReports } from "../routes/reports.ts";
import { registerSignIn } from "../routes/sign-in.ts";
import { registerSilences } from "../routes/silences.ts";
import { registerStream } from "../routes/stream.ts";
import { registerSupervisors } from "../routes/supervisors.ts";
import { registerTelemetry } from "../routes/telemetry.ts";

/** Every route there is. */
export function registerRoutes(app: App, context: ApiContext): void {
  registerHeartbeats(app, context);
  registerAgents(app, context);
  registerAgentSettings(app, context);
  registerActions(app, context);
  registerCommandList(app, context);
  registerIncidents(app, context);
  registerEvidence(app, context);
  registerReports(app, context);
  registerStream(app, context);
  registerSupervisors(app, context);
  registerMeters(app, context);
  registerBudgets(app, context);
  registerCosts(app, context);
  registerTelemetry(app, context);
  registerSilences(app, context);
  registerNotifications(app, context);
  registerKeys(app, context);
  registerSignIn(app, context);
  registerAct(app, context);
  registerProbes(app, context);
  registerDashboard(app, context);
}
