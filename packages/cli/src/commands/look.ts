import { spellCount, spellDuration } from "@midwatch/core";
import type { AgentView, EventView, IncidentView } from "@midwatch/protocol";
import { call, callPages, type Target } from "../client.ts";
import { ago, clean, table } from "../terminal.ts";

const most = 10_000;

const stateStyles = {
  new: "dim",
  up: "green",
  late: "yellow",
  down: "red",
  stopping: "cyan",
  stopped: "dim",
  paused: "magenta",
  unknown: "yellow",
} as const;

const severityStyles = { page: "red", warn: "yellow", info: "dim" } as const;

/** `midwatch status`: one line an agent, what needs attention first. */
export async function showStatus(target: Target, json: boolean): Promise<void> {
  const agents = await callPages<AgentView>(target, "/api/v1/agents", most);
  if (json) {
    printJson(agents);
    return;
  }
  if (agents.length === 0) {
    print("No agent has beaten yet. The dashboard shows how to send the first beat.");
    return;
  }
  const urgency = ["down", "late", "unknown", "paused", "stopping", "new", "stopped", "up"];
  const sorted = agents.toSorted(
    (a, b) => urgency.indexOf(a.state) - urgency.indexOf(b.state) || a.name.localeCompare(b.name),
  );
  const now = Date.now();
  const rows = sorted.map((agent) => [
    agent.state,
    clean(agent.name),
    ago(agent.last_beat_at, now, spellDuration),
    `${spellCount(agent.tokens_total)} tokens`,
    agent.restarts_today === 0 ? "" : `${agent.restarts_today} restarts today`,
    agent.incidents.map((incident) => `${incident.kind}: ${clean(incident.title)}`).join("; "),
  ]);
  print(
    table(
      rows,
      sorted.map((agent) => [stateStyles[agent.state]]),
    ),
  );
}

/** `midwatch incidents`: newest first. */
export async function showIncidents(
  target: Target,
  options: { agent?: string; open?: boolean; json?: boolean },
): Promise<void> {
  const query = new URLSearchParams();
  if (options.agent !== undefined) query.set("agent", options.agent);
  if (options.open === true) query.set("open", "true");
  const incidents = await callPages<IncidentView>(target, `/api/v1/incidents?${query.toString()}`, 200);
  if (options.json === true) {
    printJson(incidents);
    return;
  }
  if (incidents.length === 0) {
    print(options.open === true ? "No incident is open." : "No incident so far.");
    return;
  }
  const lines = incidents.flatMap((incident) => {
    const style = incident.state === "open" ? severityStyles[incident.severity] : "dim";
    const row = [
      `#${incident.id}`,
      incident.severity,
      incident.state,
      incident.opened_at,
      clean(incident.agent),
      `${incident.kind}: ${clean(incident.title)}`,
    ];
    const evidence = evidenceLine(incident);
    return [{ row, styles: [null, style] }, ...(evidence === null ? [] : [{ row: evidence, styles: [] }])];
  });
  print(
    table(
      lines.map(({ row }) => row),
      lines.map(({ styles }) => styles),
    ),
  );
}

/** Under its incident: the line that tells most, and where the rest is. */
function evidenceLine({ id, evidence }: IncidentView): readonly string[] | null {
  const [first] = evidence;
  return first ? ["", "", "", "", "", `${clean(first.summary)} (midwatch evidence ${id})`] : null;
}

/** `midwatch events AGENT`: newest last, the way a log reads. */
export async function showEvents(
  target: Target,
  agent: string,
  options: { limit: number; json?: boolean },
): Promise<void> {
  const events = await callPages<EventView>(
    target,
    `/api/v1/agents/${encodeURIComponent(agent)}/events`,
    options.limit,
  );
  if (options.json === true) {
    printJson(events);
    return;
  }
  if (events.length === 0) {
    print(`Nothing has happened to ${agent} yet.`);
    return;
  }
  print(table(events.toReversed().map((event) => [event.at, event.kind, clean(event.text)])));
}

/** `midwatch report`: the server renders it, so that the terminal, the mail and the page say the same. */
export async function showReport(
  target: Target,
  options: { date?: string; tz?: string; agent?: string; period: "daily" | "weekly" | "monthly"; format: string },
): Promise<void> {
  const query = new URLSearchParams({ format: options.format });
  if (options.date !== undefined) query.set("date", options.date);
  if (options.tz !== undefined) query.set("tz", options.tz);
  if (options.agent !== undefined) query.set("agent", options.agent);
  const report = await call<unknown>(target, "GET", `/api/v1/reports/${options.period}?${query.toString()}`);
  if (typeof report === "string") print(report);
  else printJson(report);
}

/** `midwatch link`: for a browser that is not signed in yet. */
export async function printSignInLink(target: Target): Promise<void> {
  const { path } = await call<{ path: string }>(target, "POST", "/api/v1/sign-in-links", {});
  print(new URL(path, target.url).href);
}

function printJson(value: unknown): void {
  print(JSON.stringify(value, null, 2));
}

function print(text: string): void {
  process.stdout.write(`${text}\n`);
}
