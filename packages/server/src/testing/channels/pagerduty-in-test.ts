import type { Received } from "../loopback-receiver.ts";
import { startStandIn, type StandIn, type StandInAnswer } from "./stand-in.ts";

export const pagerDutyKey = "0123456789abcdef0123456789abcdef";

export interface PagerDutyEventInTest {
  readonly routing_key: string;
  readonly event_action?: "trigger" | "acknowledge" | "resolve";
  readonly dedup_key?: string;
  readonly payload?: Readonly<Record<string, unknown>> & { readonly summary?: string; readonly severity?: string };
  readonly links?: readonly { readonly href: string; readonly text?: string }[];
}

export interface PagerDutyInTest extends StandIn {
  readonly server: string;
  /** Open incidents by their key, as they were triggered last. */
  readonly open: Map<string, PagerDutyEventInTest>;
  /** Keys of open incidents that somebody looks after. */
  readonly acknowledged: Set<string>;
  readonly changes: PagerDutyEventInTest[];
}

/** The Events API v2 on the loopback, with one service. */
export async function startPagerDuty(): Promise<PagerDutyInTest> {
  const open = new Map<string, PagerDutyEventInTest>();
  const acknowledged = new Set<string>();
  const changes: PagerDutyEventInTest[] = [];
  const standIn = await startStandIn((request) => answerTo(request, { open, acknowledged, changes }));
  return {
    ...standIn,
    server: `http://${standIn.host}`,
    open,
    acknowledged,
    changes,
  };
}

function answerTo(
  request: Received,
  { open, acknowledged, changes }: Pick<PagerDutyInTest, "open" | "acknowledged" | "changes">,
): StandInAnswer {
  if (request.method !== "POST" || request.body.length > 512_000) return { status: 400, body: "" };
  const event = JSON.parse(request.body) as PagerDutyEventInTest;
  const wrong = wrongWith(event, request.path === "/v2/change/enqueue");
  if (wrong.length > 0) {
    const refusal = { status: "invalid event", message: "Event object is invalid", errors: wrong };
    return { status: 400, body: JSON.stringify(refusal) };
  }
  if (request.path === "/v2/change/enqueue") {
    changes.push(event);
    return { status: 202, body: JSON.stringify({ status: "success", message: "Change event processed" }) };
  }
  if (request.path !== "/v2/enqueue") return { status: 404, body: "" };
  const { dedup_key: key = "made up" } = event;
  const action = event.event_action;
  // One that is acknowledged stays so, whatever triggers it again; for what is not open both others are dropped.
  if (action === "trigger") open.set(key, event);
  else if (action === "acknowledge" && open.has(key)) acknowledged.add(key);
  else if (action === "resolve" && open.delete(key)) acknowledged.delete(key);
  return { status: 202, body: JSON.stringify({ status: "success", message: "Event processed", dedup_key: key }) };
}

const actions: ReadonlySet<string> = new Set(["trigger", "acknowledge", "resolve"]);

function wrongWith(event: PagerDutyEventInTest, isChange: boolean): readonly string[] {
  const { routing_key: key, event_action: action, dedup_key: dedup = "", payload = {} } = event;
  const wrong: string[] = [];
  const check = (right: boolean, words: string): void => {
    if (!right) wrong.push(words);
  };
  check(key === pagerDutyKey, "'routing_key' is invalid or missing");
  check(dedup.length <= 255, "'dedup_key' is too long");
  if (!isChange) check(actions.has(action ?? ""), "'event_action' is invalid or missing");
  if (action === "acknowledge" || action === "resolve") return wrong;
  check(typeof payload.summary === "string" && payload.summary !== "", "'payload.summary' is missing or blank");
  check((payload.summary?.length ?? 0) <= 1_024, "'payload.summary' is too long");
  if (isChange) return wrong;
  check(typeof payload["source"] === "string" && payload["source"] !== "", "'payload.source' is missing or blank");
  check(
    /^(?:critical|error|warning|info)$/.test(payload.severity ?? ""),
    "'payload.severity' is invalid (must be one of…)",
  );
  return wrong;
}
