import { test } from "node:test";
import { assertSaid } from "../testing/said.ts";
import { judgeAgent, judgeTwins, type AgentFacts } from "./agents.ts";

type Command = NonNullable<AgentFacts["command"]>;
const command = (more: Partial<Command> = {}): Command => ({
  argv: ["node", "bot.js"],
  env: {},
  missing: null,
  missingForUnit: null,
  unbuffered: false,
  ...more,
});
const good: AgentFacts = {
  name: "bot",
  liveness: "beats",
  restart: "always",
  cwd: "/srv/bot",
  command: command(),
  state: [{ path: "/srv/bot/state.json", fileSystem: "ext4" }],
};
const buffered = /worth-knowing: the last words of bot are lost/;

const table: readonly { claim: string; facts: AgentFacts; says: readonly RegExp[] }[] = [
  { claim: "one that can be started is in order", facts: good, says: [] },
  { claim: "what a platform runs has no command", facts: { ...good, command: null }, says: [] },
  {
    claim: "a command that is not there",
    facts: { ...good, command: command({ missing: 'the command "bot" was not found in PATH; install it' }) },
    says: [/bad: bot can't be started/],
  },
  {
    claim: "a command that only a shell finds",
    facts: { ...good, command: command({ missingForUnit: "midwatch.service" }) },
    says: [/bad: bot starts from your shell, and not at boot/],
  },
  { claim: "python", facts: { ...good, command: command({ argv: ["python3.12", "a.py"] }) }, says: [buffered] },
  {
    claim: "python by its path",
    facts: { ...good, command: command({ argv: ["/v/bin/python", "a.py"] }) },
    says: [buffered],
  },
  { claim: "python -u", facts: { ...good, command: command({ argv: ["python3", "-u", "a.py"] }) }, says: [] },
  {
    claim: "python with PYTHONUNBUFFERED",
    facts: { ...good, command: command({ argv: ["python3", "a.py"], unbuffered: true }) },
    says: [],
  },
  {
    claim: "state in memory",
    facts: { ...good, state: [{ path: "/run/bot.json", fileSystem: "tmpfs" }] },
    says: [/bad: the state of bot is lost at every reboot/],
  },
  {
    claim: "liveness by the process",
    facts: { ...good, liveness: "process" },
    says: [/worth-knowing: a hang of bot is not noticed/],
  },
  {
    claim: "restart: never",
    facts: { ...good, restart: "never" },
    says: [/worth-knowing: bot is not started again when it dies/],
  },
];

for (const { claim, facts, says } of table) {
  test(`an agent of the file: ${claim}`, () => assertSaid(judgeAgent(facts), says, claim));
}

test("two agents: the same command is worth knowing, the same state is bad, and neither when they differ", () => {
  const other: AgentFacts = { ...good, name: "cat", state: [] };
  assertSaid(judgeTwins([good, other]), [/worth-knowing: bot and cat are the same command/], "command");
  assertSaid(judgeTwins([good, { ...other, cwd: "/srv/cat" }]), [], "another folder");
  assertSaid(judgeTwins([good, { ...other, command: command({ env: { MODE: "b" } }) }]), [], "another environment");
  const sharing = { ...other, cwd: "/srv/cat", state: good.state };
  assertSaid(judgeTwins([good, sharing]), [/bad: bot and cat share a state file/], "state");
});
