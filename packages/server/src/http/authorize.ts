import type { FastifyRequest } from "fastify";
import { ApiError } from "../errors.ts";
import { callerByKey, scopeRefusal, type KeyCheck } from "../keys/authenticate.ts";
import { keyOf, type Caller } from "../keys/key-ring.ts";
import { sessionCookie, type Sessions } from "../keys/sessions.ts";

/** The person at the dashboard may do everything: whoever reads the terminal's sign-in link owns the server. */
const dashboardUser: Caller = { name: "dashboard", scope: "admin", agentGlob: null, cookie: true };

/** Sets `request.caller` for routes that name a scope, or throws the refusal. */
export async function authorize(
  request: FastifyRequest,
  given: { readonly check: KeyCheck; readonly sessions: Sessions },
): Promise<void> {
  const { scope } = request.routeOptions.config;
  if (scope === undefined) return;
  const caller = await findCaller(request, given);
  const refused = caller instanceof ApiError ? caller : scopeRefusal(caller, scope);
  if (refused) throw refused;
  if (caller instanceof ApiError) return;
  if (caller.cookie) refuseForeignOrigin(request);
  request.caller = caller;
}

async function findCaller(
  request: FastifyRequest,
  { check, sessions }: { readonly check: KeyCheck; readonly sessions: Sessions },
): Promise<Caller | ApiError> {
  if (keyOf(request.headers) === null) {
    const session = sessionOf(request);
    if (session !== null && sessions.isValid(session)) return dashboardUser;
  }
  return callerByKey(request.raw, check);
}

export function sessionOf(request: FastifyRequest): string | null {
  for (const part of (request.headers.cookie ?? "").split(";")) {
    const [name, value] = part.trim().split("=");
    if (name === sessionCookie && value !== undefined) return value;
  }
  return null;
}

/** A cookie is sent by the browser whoever asks, so what changes something must come from our own pages. */
function refuseForeignOrigin(request: FastifyRequest): void {
  if (request.method === "GET" || request.method === "HEAD") return;
  const site = request.headers["sec-fetch-site"];
  const { origin, host } = request.headers;
  const own = site === undefined ? origin !== undefined && hostOf(origin) === host : site === "same-origin";
  if (!own)
    throw new ApiError(
      403,
      "foreign_origin",
      "this request came from a page of another site; use the dashboard, or a key",
    );
}

function hostOf(origin: string): string | null {
  return URL.canParse(origin) ? new URL(origin).host : null;
}
