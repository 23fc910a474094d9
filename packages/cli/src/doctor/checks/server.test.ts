import { test } from "node:test";
import type { AgentView } from "@midwatch/protocol";
import type { ServerFacts } from "../probes/server-facts.ts";
import { assertSaid } from "../testing/said.ts";
import { judgeServer, type ServerCheckFacts } from "./server.ts";

const url = "http://127.0.0.1:4004";
const agent = (name: string, lost: boolean | null): AgentView =>
  ({ name, host: "box", supervisor: lost === null ? null : { id: "s1", lost } }) as AgentView;
const answers = (more: Partial<Extract<ServerFacts, { state: "answers" }>> = {}): ServerFacts => ({
  state: "answers",
  url,
  version: "1.0.0",
  clockAheadMs: 0,
  trouble: null,
  startedAt: 0,
  agents: [agent("bot", false)],
  ...more,
});
const good: ServerCheckFacts = {
  server: answers(),
  now: 60_000,
  ownVersion: "1.0.0",
  wanted: ["bot"],
  hasSupervised: true,
};

const table: readonly { claim: string; facts: ServerCheckFacts; says: readonly RegExp[] }[] = [
  { claim: "one that works and keeps what the file wants is in order", facts: good, says: [] },
  { claim: "none has ever run", facts: { ...good, server: { state: "never" } }, says: [/unchecked: server/] },
  {
    claim: "one that has ended",
    facts: { ...good, server: { state: "silent", url, pid: 7, pidAlive: false } },
    says: [/bad: the server is not running/],
  },
  {
    claim: "one that hangs",
    facts: { ...good, server: { state: "silent", url, pid: 7, pidAlive: true } },
    says: [/bad: the server does not answer, although its process 7 is there/],
  },
  {
    claim: "another program on its port",
    facts: { ...good, server: { state: "stranger", url } },
    says: [/bad: something else answers/],
  },
  {
    claim: "one that can't store",
    facts: { ...good, server: answers({ trouble: "the disk is full" }) },
    says: [/bad: the server runs and can't work/],
  },
  {
    claim: "one from before the upgrade",
    facts: { ...good, ownVersion: "1.1.0" },
    says: [/worth-knowing: the server still runs version 1\.0\.0, and 1\.1\.0 is installed/],
  },
  {
    claim: "a supervisor that is lost",
    facts: { ...good, server: answers({ agents: [agent("bot", true)] }) },
    says: [/bad: no supervisor calls from box any more/],
  },
  {
    claim: "an agent of the file that no supervisor keeps",
    facts: {
      ...good,
      wanted: ["bot", "cat", "dog"],
      server: answers({ agents: [agent("bot", false), agent("cat", null)] }),
    },
    says: [/bad: nobody keeps cat, dog/],
  },
  {
    claim: "a key that does not open it",
    facts: { ...good, server: answers({ agents: null }) },
    says: [/unchecked: supervisors/],
  },
];

for (const { claim, facts, says } of table) {
  test(`the server: ${claim}`, () => assertSaid(judgeServer(facts), says, claim));
}
