import { readFileSync } from "node:fs";
import { join } from "node:path";
import type { AgentView, BeatAnswer, EventView, IncidentView } from "@midwatch/protocol";

/** A server's API as a person with the keys of its data folder sees it. */
export interface Api {
  readonly url: string;
  readonly ingestKey: string;
  beat(body: Readonly<Record<string, unknown>>): Promise<BeatAnswer>;
  agent(name: string): Promise<AgentView | null>;
  incidents(agent: string): Promise<readonly IncidentView[]>;
  events(agent: string): Promise<readonly EventView[]>;
  post(path: string): Promise<Response>;
}

export function apiOf(dataDir: string): Api {
  const { url } = JSON.parse(readFileSync(join(dataDir, "server.json"), "utf8")) as { url: string };
  const keyOf = (scope: string): string => readFileSync(join(dataDir, `${scope}.key`), "utf8").trim();
  const adminKey = keyOf("admin");
  const ingestKey = keyOf("ingest");
  const ask = (method: string, path: string, body?: unknown, key = adminKey): Promise<Response> =>
    fetch(`${url}/api/v1${path}`, {
      method,
      headers: { authorization: `Bearer ${key}`, "content-type": "application/json" },
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    });
  const items = async <T>(path: string): Promise<readonly T[]> => {
    const response = await ask("GET", path);
    return ((await response.json()) as { items: readonly T[] }).items;
  };
  return {
    url,
    ingestKey,
    beat: async (body) => {
      const response = await ask("POST", "/heartbeat", body, ingestKey);
      const answer = (await response.json()) as BeatAnswer;
      if (!response.ok) throw new Error(`the beat was answered ${response.status}: ${JSON.stringify(answer)}`);
      return answer;
    },
    agent: async (name) => {
      const response = await ask("GET", `/agents/${encodeURIComponent(name)}`);
      return response.ok ? ((await response.json()) as AgentView) : null;
    },
    incidents: (agent) => items(`/incidents?agent=${encodeURIComponent(agent)}`),
    events: (agent) => items(`/agents/${encodeURIComponent(agent)}/events?limit=200`),
    post: (path) => ask("POST", path, {}),
  };
}
