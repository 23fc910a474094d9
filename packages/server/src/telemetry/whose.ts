// Whose telemetry it is. A path or an attribute of our own says it; then a key that speaks for one agent only; last the names that
// senders have anyway. Not `service.instance.id`: it is another one after each start. Names of the spans' own agents are those of
// roles inside one program ("planner", "writer"), so only a resource's is taken.

import { isAgentName } from "@midwatch/protocol";
import { type Attributes } from "@midwatch/protocol/otlp";
import { maySpeakFor, type Caller } from "../keys/key-ring.ts";

export type Whose = { readonly ok: true; readonly agent: string } | { readonly ok: false; readonly message: string };

const ownNames = ["midwatch.agent", "agent.id"] as const;
const commonNames = ["gen_ai.agent.name", "service.name"] as const;

/** What many programs are called that have no name of their own. */
const useless =
  /^(?:unknown_service.*|claude-code.*|codex.*|gemini-cli.*|qwen-code.*|node|python|default|app|service)$/i;

export function whoseTelemetry(
  resource: Attributes,
  given: { readonly path: string | null; readonly caller: Caller },
): Whose {
  const { path, caller } = given;
  const named = path ?? firstText(resource, ownNames) ?? onlyAgentOf(caller);
  if (named !== null) return checked(named, caller);
  const common = firstText(resource, commonNames);
  if (common !== null && isAgentName(common)) return checked(common, caller);
  return { ok: false, message: unnamed(resource) };
}

function checked(agent: string, caller: Caller): Whose {
  if (!isAgentName(agent)) {
    const shown = JSON.stringify(agent.slice(0, 60));
    return { ok: false, message: `${shown} is no name for an agent: 1 to 128 letters, digits and . _ - / : @` };
  }
  if (maySpeakFor(caller, agent)) return { ok: true, agent };
  return { ok: false, message: `this key speaks only for ${caller.agentGlob ?? ""}, not for ${agent}` };
}

/** The one agent that a key was made for. */
function onlyAgentOf({ agentGlob }: Caller): string | null {
  return agentGlob !== null && !agentGlob.includes("*") ? agentGlob : null;
}

function firstText(resource: Attributes, names: readonly string[]): string | null {
  for (const name of names) {
    const value = resource.get(name);
    if (typeof value === "string" && value !== "" && !(name === "service.name" && useless.test(value))) return value;
  }
  return null;
}

function unnamed(resource: Attributes): string {
  const service = resource.get("service.name");
  const known = typeof service === "string" ? ` (service.name is ${JSON.stringify(service.slice(0, 60))})` : "";
  return (
    `nothing says which agent this is${known}: set OTEL_RESOURCE_ATTRIBUTES=midwatch.agent=NAME, ` +
    "or send to /otlp/NAME/v1/…, or use a key made with --agent NAME"
  );
}
