// How to send the first beat, with this server's own address filled in. The key is never known to the page: the server
// keeps only its digest.

export interface Snippet {
  readonly id: "curl" | "typescript" | "python";
  readonly title: string;
  readonly code: string;
}

export function snippetsFor(origin: string): readonly Snippet[] {
  return [
    {
      id: "curl",
      title: "curl",
      code: `export MIDWATCH_KEY=mw_…   # your key

curl ${origin}/api/v1/heartbeat \\
  -H "Authorization: Bearer $MIDWATCH_KEY" \\
  -H "Content-Type: application/json" \\
  -d '{"agent":"my-agent","status":"ok","tokens_used":1840}'`,
    },
    {
      id: "typescript",
      title: "TypeScript",
      code: `import { Midwatch } from "midwatch";

const watch = new Midwatch({
  agent: "my-agent",
  url: "${origin}",
  key: process.env.MIDWATCH_KEY,
});

for await (const cycle of watch.cycles({ every: "60s" })) {
  const result = await runAgentCycle();
  cycle.usage(result.usage);
}`,
    },
    {
      id: "python",
      title: "Python",
      code: `# export MIDWATCH_URL=${origin} MIDWATCH_KEY=mw_…
from midwatch import Midwatch

watch = Midwatch("my-agent")
for cycle in watch.cycles(every=60):
    result = run_agent_cycle()
    cycle.tokens(result.tokens_used)`,
    },
  ];
}
