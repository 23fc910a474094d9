import { isAgentName } from "@midwatch/protocol";
import type { Provider, Providers } from "../providers/providers.ts";

/** What the path of a request says: `/meter/[KEY/]AGENT/PROVIDER/REST`. */
export interface Route {
  readonly key: string | null;
  readonly agent: string;
  readonly provider: Provider;
  /** Path and query as the client sent them, for the provider: `/v1/messages?beta=true`. */
  readonly rest: string;
}

export type Routed =
  | { readonly ok: true; readonly route: Route }
  /** `provider` when the path got as far as naming one. */
  | { readonly ok: false; readonly message: string };

const usage =
  "The path is /meter/AGENT/PROVIDER/…, as in OPENAI_BASE_URL=http://127.0.0.1:4005/meter/my-agent/openai/v1";
/** As the server makes them. No agent should be called like this. */
const keyPattern = /^mw_[A-Za-z0-9_-]{32}$/;

export function routeOf(url: string, providers: Providers): Routed {
  const match = /^\/meter\/(?:(mw_[^/?]{32})\/)?([^/?]+)\/([^/?]+)(\/[^?]*)?(\?.*)?$/.exec(url);
  if (!match) return { ok: false, message: `There is nothing at ${shortened(url)}. ${usage}.` };
  const [, key, agentText = "", name = "", path = "", query = ""] = match;
  if (key !== undefined && !keyPattern.test(key))
    return { ok: false, message: `The key in the path is no key. ${usage}.` };
  const agent = decoded(agentText);
  if (agent === null || !isAgentName(agent)) {
    return {
      ok: false,
      message: `"${shortened(agentText)}" is no agent name: 1 to 128 letters, digits and . _ - / : @, percent-encoded in a path.`,
    };
  }
  const provider = providers.get(name);
  if (!provider) {
    const known = [...providers.keys()].join(", ");
    return {
      ok: false,
      message: `The meter knows no provider "${shortened(name)}". It knows ${known}; others are named under meter: providers: in midwatch.yaml.`,
    };
  }
  return { ok: true, route: { key: key ?? null, agent, provider, rest: `${path === "" ? "/" : path}${query}` } };
}

function decoded(text: string): string | null {
  try {
    return decodeURIComponent(text);
  } catch {
    // A lone percent sign.
    return null;
  }
}

/** The sender chose it, so it is kept short; and a key in it must not come back. */
function shortened(text: string): string {
  const plain = text.replaceAll(/mw_[A-Za-z0-9_-]+/g, "mw_…");
  return plain.length > 80 ? `${plain.slice(0, 80)}…` : plain;
}
