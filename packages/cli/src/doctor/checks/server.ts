import { existsSync } from "node:fs";
import { join } from "node:path";
import { spellDuration, type Ms } from "@midwatch/core";
import { check } from "../check.ts";
import type { ServerFacts } from "../probes/server-facts.ts";
import { bad, seen, unchecked, worthKnowing, type Remark } from "../remark.ts";
import { version } from "../../version.ts";

export interface ServerCheckFacts {
  readonly server: ServerFacts;
  readonly now: Ms;
  readonly ownVersion: string;
  /** Agents that the file wants kept. */
  readonly wanted: readonly string[];
  /** A supervisor has run with this data folder. */
  readonly hasSupervised: boolean;
}

export const serverRuns = check<ServerCheckFacts>({
  name: "server",
  probe: async ({ config, now, server }) => ({
    server: await server(),
    now: now(),
    ownVersion: version,
    wanted: config.agents.map(({ name }) => name),
    hasSupervised: existsSync(join(config.server.dataDir, "supervisor")),
  }),
  judge: judgeServer,
});

export function judgeServer({ server, now, ownVersion, wanted, hasSupervised }: ServerCheckFacts): readonly Remark[] {
  switch (server.state) {
    case "never":
      return hasSupervised
        ? [unchecked("server", "none has run with this data folder; this host's supervisor reports to one elsewhere")]
        : [unchecked("server", "none has run with this data folder yet")];
    case "stranger":
      return [
        bad({
          title: `something else answers at ${server.url}`,
          why: "It does not speak like a Midwatch server. The server has ended, and another program has taken its port: beats go there.",
          fix: `See what it is: \`ss -ltnp\`. Stop it, or give Midwatch another port under \`server.listen\`, and start \`midwatch up\`.`,
        }),
      ];
    case "silent":
      return [silent(server)];
    case "answers":
      return [
        ...upFor(server, now),
        ...ready(server),
        ...sameVersion(server.version, ownVersion),
        ...kept(server, wanted),
      ];
  }
}

function silent({ url, pid, pidAlive }: Extract<ServerFacts, { state: "silent" }>): Remark {
  if (pidAlive) {
    return bad({
      title: `the server does not answer, although its process ${pid} is there`,
      why: `Nothing came back from ${url} within five seconds. No beat is taken, and nobody is told of anything by it.`,
      fix: `If it was started under another name or in a container, that is why. Else end it, so that \`midwatch up\` starts it again:\n  kill ${pid}`,
    });
  }
  return bad({
    title: "the server is not running",
    why: `It listened at ${url}, and nobody does now. Supervisors keep their agents without it; silence of other agents, cost and reports are nobody's business meanwhile.`,
    fix: "Start it: `midwatch up`. To have it started at boot and after a crash: `midwatch install`.",
  });
}

function upFor({ startedAt }: Extract<ServerFacts, { state: "answers" }>, now: Ms): readonly Remark[] {
  return startedAt === null ? [] : [seen(`up for ${spellDuration(Math.max(0, now - startedAt))}`)];
}

function ready({ trouble }: Extract<ServerFacts, { state: "answers" }>): readonly Remark[] {
  if (trouble === null) return [];
  return [
    bad({
      title: "the server runs and can't work",
      why: `It says: ${trouble}.`,
      fix: "Repair what it names; its own output has the details. It goes on by itself as soon as it can.",
    }),
  ];
}

function sameVersion(running: string, own: string): readonly Remark[] {
  if (running === own) return [];
  return [
    worthKnowing({
      title: `the server still runs version ${running}, and ${own} is installed`,
      why: "It was upgraded and not started again; what was repaired since is not in effect.",
      fix: "Start it again, with systemd for instance:\n  sudo systemctl restart midwatch",
    }),
  ];
}

function kept({ agents }: Extract<ServerFacts, { state: "answers" }>, wanted: readonly string[]): readonly Remark[] {
  if (agents === null) return [unchecked("supervisors", "the admin key in the data folder does not open the server")];
  const remarks: Remark[] = [];
  const lost = agents.filter(({ supervisor }) => supervisor?.lost === true);
  const hosts = [...new Set(lost.map(({ host }) => host ?? "an unknown host"))];
  if (lost.length > 0) {
    remarks.push(
      bad({
        title: `no supervisor calls from ${hosts.join(", ")} any more`,
        why: `It kept ${list(lost.map(({ name }) => name))}. As far as the server knows, nobody starts them again.`,
        fix: "On that host: `midwatch supervise` (or `midwatch up`). If the host is gone for good: `midwatch forget NAME`.",
      }),
    );
  }
  const known = new Map(agents.map((agent) => [agent.name, agent]));
  const alone = wanted.filter((name) => (known.get(name)?.supervisor ?? null) === null);
  if (alone.length > 0) {
    remarks.push(
      bad({
        title: `nobody keeps ${list(alone)}`,
        why: "The file declares it, and no supervisor has told the server of it: none runs, it was started with another file, or it can't reach the server.",
        fix: "Run `midwatch up` with this file, or `midwatch supervise` beside the server. One that runs already reads the file again on SIGHUP.",
      }),
    );
  }
  return remarks;
}

function list(names: readonly string[]): string {
  const most = 5;
  const more = names.length > most ? ` and ${names.length - most} more` : "";
  return names.slice(0, most).join(", ") + more;
}
