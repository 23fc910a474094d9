import type { Config } from "./config/config.ts";
import { commandName } from "./command-name.ts";
import { paint } from "./terminal.ts";

export interface WelcomeFacts {
  readonly url: string;
  readonly signInLink: string;
  readonly ingestKey: string | null;
  /** Names of the agents that are kept here. */
  readonly agents: readonly string[];
  /** Alerts go to people, and have no links because nobody said where this server is reached. */
  readonly lacksLinks: boolean;
}

export function lacksLinks({ alertsTo, server }: Pick<Config, "alertsTo" | "server">): boolean {
  return alertsTo.length > 0 && server.publicUrl === null;
}

/** What a person sees when Midwatch has started: where to look, and how to send a first beat. */
export function welcome({ url, signInLink, ingestKey, agents, lacksLinks: bare }: WelcomeFacts): string {
  const key = ingestKey ?? "KEY";
  const kept =
    agents.length === 0
      ? "No agent is kept here yet."
      : `Keeping ${agents.length === 1 ? "" : `${agents.length} agents: `}${agents.join(", ")}`;
  return `
${paint("bold", "Midwatch is on watch.")}  ${kept}

  Dashboard   ${paint("cyan", signInLink)}
              (the link signs you in once, within 30 minutes; \`${commandName} link\` makes another)
${bare ? noLinks : ""}
  Send a beat from your agent's own loop:

  ${paint("dim", "curl")}        curl ${url}/api/v1/heartbeat -H "Authorization: Bearer ${key}" \\
                -H "Content-Type: application/json" -d '{"agent":"my-agent","status":"ok","tokens_used":1840}'

  ${paint("dim", "TypeScript")}  import { Midwatch } from "@midwatch/sdk";
              const watch = new Midwatch({ agent: "my-agent", url: "${url}", key: "${key}" });
              for await (const cycle of watch.cycles({ every: "60s" })) cycle.tokens(await work());

  ${paint("dim", "Python")}      from midwatch import Midwatch
              watch = Midwatch("my-agent", url="${url}", key="${key}")
              for cycle in watch.cycles(every=60):
                  cycle.tokens(work())

`;
}

const noLinks = `
  Alerts have no buttons yet: \`server: { public_url: … }\` says where people reach this server (docs/actions.md).
`;
