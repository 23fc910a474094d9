import type { Received } from "../loopback-receiver.ts";
import { startStandIn, type StandIn, type StandInAnswer } from "./stand-in.ts";

export const opsgenieKey = "01234567-89ab-cdef-0123-456789abcdef";

export interface OpsgenieAlert {
  readonly message?: string;
  readonly alias?: string;
  readonly description?: string;
  readonly entity?: string;
  readonly source?: string;
  readonly priority?: string;
  readonly tags?: readonly string[];
  readonly details?: Readonly<Record<string, string>>;
}

interface OpenAlert {
  /** As it was opened: what comes later under the same alias is only counted. */
  readonly alert: OpsgenieAlert;
  readonly count: number;
  readonly notes: readonly string[];
  /** Who looks after it. */
  readonly acknowledgedBy?: string;
}

export interface OpsgenieInTest extends StandIn {
  readonly server: string;
  readonly open: Map<string, OpenAlert>;
  /** What the alerts that were closed said at their end. */
  readonly closed: Map<string, string>;
}

/** The Alert API on the loopback, with one integration. */
export async function startOpsgenie(root = ""): Promise<OpsgenieInTest> {
  const open = new Map<string, OpenAlert>();
  const closed = new Map<string, string>();
  const standIn = await startStandIn((request) =>
    answerTo({ ...request, path: request.path.slice(root.length) }, open, closed),
  );
  return {
    ...standIn,
    server: `http://${standIn.host}${root}`,
    open,
    closed,
  };
}

function answerTo(request: Received, open: Map<string, OpenAlert>, closed: Map<string, string>): StandInAnswer {
  const accepted = {
    result: "Request will be processed",
    took: 0.1,
    requestId: "43a29c5c-3dbf-4fa4-9c26-f4f71023e120",
  };
  const answer = (status: number, body: object) => ({ status, body: JSON.stringify(body) });
  if (request.headers.authorization !== `GenieKey ${opsgenieKey}`)
    return answer(401, { message: "Could not authenticate", took: 0, requestId: "r" });
  const body = JSON.parse(request.body) as OpsgenieAlert & { readonly note?: string; readonly user?: string };
  if (request.path === "/v2/alerts") {
    const errors = wrongWith(body);
    if (Object.keys(errors).length > 0)
      return answer(422, { message: "Request body is not processable. Please check the errors.", errors });
    const { alias = "made up" } = body;
    const before = open.get(alias);
    open.set(alias, before ? { ...before, count: before.count + 1 } : { alert: body, count: 1, notes: [] });
    return answer(202, accepted);
  }
  const [, written = "", action] =
    /^\/v2\/alerts\/([^/]+)\/(notes|close|acknowledge)\?identifierType=alias$/.exec(request.path) ?? [];
  const alias = decodeURIComponent(written);
  if (action === undefined) return answer(404, { message: "Not Found", took: 0, requestId: "r" });
  if ((body.note?.length ?? 0) > 25_000) return answer(422, { message: "note is too long", took: 0, requestId: "r" });
  if ((body.user?.length ?? 0) > 100) return answer(422, { message: "user is too long", took: 0, requestId: "r" });
  const standing = open.get(alias);
  // Accepted in any case: whether there is such an alert is found out later.
  if (standing !== undefined && action === "close") {
    open.delete(alias);
    closed.set(alias, body.note ?? "");
  } else if (standing !== undefined) {
    const acknowledged = action === "acknowledge" ? { acknowledgedBy: body.user ?? "somebody" } : {};
    open.set(alias, { ...standing, ...acknowledged, notes: [...standing.notes, body.note ?? ""] });
  }
  return answer(202, accepted);
}

function wrongWith(alert: OpsgenieAlert): Readonly<Record<string, string>> {
  const { message = "", alias = "", description = "", entity = "", priority = "P3", tags = [], details = {} } = alert;
  const errors: Record<string, string> = {};
  if (message === "" || message.length > 130) errors["message"] = "must be 1 to 130 characters";
  if (alias.length > 512) errors["alias"] = "is too long";
  if (description.length > 15_000) errors["description"] = "is too long";
  if (entity.length > 512) errors["entity"] = "is too long";
  if (!/^P[1-5]$/.test(priority)) errors["priority"] = "is not a priority";
  if (tags.length > 20 || tags.some((tag) => tag.length > 50)) errors["tags"] = "are too many or too long";
  if (Object.entries(details).flat().join("").length > 8_000) errors["details"] = "are too long";
  return errors;
}
