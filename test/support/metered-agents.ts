import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import type { Cleanup } from "./cleanup.ts";
import type { CallView, Page } from "@midwatch/protocol";
import { apiOf, type Api } from "./api.ts";
import { freePort } from "./free-port.ts";
import { midwatch, temporaryFolder, type MidwatchCommand } from "./midwatch-command.ts";
import type { Providers } from "./providers/start-providers.ts";
import { until } from "./until.ts";

/** A real `midwatch up`: its server, its meter in front of a stand-in for the providers, and what the file says of agents. */
export interface MeteredAgents {
  readonly up: MidwatchCommand;
  readonly config: string;
  readonly dataDir: string;
  readonly meterUrl: string;
  api(): Api;
  /** Metered calls of an agent, oldest first. */
  calls(agent: string): Promise<readonly CallView[]>;
}

export async function startMetered(t: Cleanup, providers: Providers, agents: string = ""): Promise<MeteredAgents> {
  const folder = temporaryFolder(t);
  const [serverPort, meterPort] = [await freePort(), await freePort()];
  const { urls } = providers;
  const at = {
    openai: urls.openai.replace(/\/v1$/, ""),
    openrouter: urls.openrouter.replace(/\/v1$/, ""),
    anthropic: urls.anthropic,
    gemini: urls.google,
    ollama: urls.ollama,
  };
  const moved = Object.entries(at).map(([name, url]) => `${name}: { url: "${url}" }`);
  const config = join(folder, "midwatch.yaml");
  writeFileSync(
    config,
    `server: { listen: "127.0.0.1:${serverPort}" }
meter: { listen: "127.0.0.1:${meterPort}", providers: { ${moved.join(", ")} } }
${agents}`,
  );
  const up = midwatch(t, ["up", "--config", config]);
  const dataDir = join(folder, ".midwatch");
  const meterUrl = `http://127.0.0.1:${meterPort}`;
  await up.said(/on watch/);
  await until(
    async () => (await fetch(`${meterUrl}/healthz`).catch(() => null))?.ok,
    () => `the meter:\n${up.output()}`,
  );
  return {
    up,
    config,
    dataDir,
    meterUrl,
    api: () => apiOf(dataDir),
    calls: async (agent) => {
      const { url } = JSON.parse(readFileSync(join(dataDir, "server.json"), "utf8")) as { url: string };
      const key = readFileSync(join(dataDir, "admin.key"), "utf8").trim();
      const path = `${url}/api/v1/agents/${encodeURIComponent(agent)}/calls?limit=1000`;
      const answer = await fetch(path, { headers: { authorization: `Bearer ${key}` } }).catch(() => null);
      if (answer?.ok !== true) return [];
      return ((await answer.json()) as Page<CallView>).items.toReversed();
    },
  };
}

/** Where clients of an agent find their providers. */
export function meteredUrls(meterUrl: string, agent: string): Providers["urls"] {
  const base = `${meterUrl}/meter/${agent}`;
  return {
    openai: `${base}/openai/v1`,
    openrouter: `${base}/openrouter/v1`,
    anthropic: `${base}/anthropic`,
    google: `${base}/gemini`,
    ollama: `${base}/ollama`,
  };
}
