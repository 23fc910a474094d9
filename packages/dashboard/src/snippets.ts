// How to send the first beat. The address and the key stand in the environment, where both SDKs look for them, so that
// the code is the same on every machine and no key ends up in it.

export interface Snippet {
  readonly id: "curl" | "typescript" | "python" | "supervised";
  readonly title: string;
  readonly code: string;
}

/** Lines for a shell; without a key the place for one is marked. */
export function environmentFor(origin: string, key: string | null): string {
  return `export MIDWATCH_URL=${origin}\nexport MIDWATCH_KEY=${key ?? "mw_…"}`;
}

export const snippets: readonly Snippet[] = [
  {
    id: "curl",
    title: "curl",
    code: `curl "$MIDWATCH_URL/api/v1/heartbeat" \\
  -H "Authorization: Bearer $MIDWATCH_KEY" \\
  -H "Content-Type: application/json" \\
  -d '{"agent":"my-agent","status":"ok","tokens_used":1840}'`,
  },
  {
    id: "typescript",
    title: "TypeScript",
    code: `import { Midwatch } from "@midwatch/sdk";

const watch = new Midwatch({ agent: "my-agent" });

for await (const cycle of watch.cycles({ every: "60s" })) {
  const result = await runAgentCycle();
  cycle.usage(result.usage);
}`,
  },
  {
    id: "python",
    title: "Python",
    code: `from midwatch import Midwatch

watch = Midwatch("my-agent")

for cycle in watch.cycles(every=60):
    result = run_agent_cycle()
    cycle.tokens(result.tokens_used)`,
  },
  {
    id: "supervised",
    title: "Kept alive",
    code: `# starts it, restarts it when it dies or hangs,
# and hands it the address and the key by itself
midwatch run --name my-agent -- python agent.py`,
  },
];
