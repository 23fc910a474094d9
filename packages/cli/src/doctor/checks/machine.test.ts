import { test } from "node:test";
import { assertSaid } from "../testing/said.ts";
import { judgeFiles, judgeInit, judgeMemory, judgeNode, type MachineFacts } from "./machine.ts";

const mb = 2 ** 20;
const good: MachineFacts = {
  node: "26.10.0",
  openFiles: 65_536,
  agents: 20,
  memory: { total: 4_096 * mb, available: 2_000 * mb, swap: 0 },
  inContainer: false,
  firstProcess: "systemd",
  zombies: 0,
};
const withMemory = (total: number, available: number, swap = 0): MachineFacts => ({
  ...good,
  memory: { total: total * mb, available: available * mb, swap: swap * mb },
});

const table: readonly { claim: string; facts: MachineFacts; says: readonly RegExp[] }[] = [
  { claim: "an ordinary one is in order", facts: good, says: [] },
  { claim: "an old Node", facts: { ...good, node: "22.12.0" }, says: [/bad: Node 22\.12\.0 is too old/] },
  { claim: "256 files for 20 agents", facts: { ...good, openFiles: 256 }, says: [/bad: .* only 256 files open/] },
  { claim: "no limit of files", facts: { ...good, openFiles: Infinity }, says: [] },
  {
    claim: "512 MB without swap",
    facts: withMemory(512, 300),
    says: [/worth-knowing: .* 512 MB of memory and no swap/],
  },
  { claim: "512 MB with swap", facts: withMemory(512, 300, 1_024), says: [] },
  { claim: "nearly nothing left", facts: withMemory(4_096, 60), says: [/bad: only 60 MB of memory is left/] },
  {
    claim: "a container without an init",
    facts: { ...good, inContainer: true, firstProcess: "node" },
    says: [/worth-knowing: process 1 of this container \(node\) is no init/],
  },
  { claim: "a container with one", facts: { ...good, inContainer: true, firstProcess: "tini" }, says: [] },
  { claim: "zombies", facts: { ...good, zombies: 40 }, says: [/bad: 40 ended processes were never collected/] },
  {
    claim: "nothing is told",
    facts: { ...good, openFiles: null, memory: null, firstProcess: null },
    says: [/unchecked: limit of open files/, /unchecked: memory/],
  },
];

for (const { claim, facts, says } of table) {
  test(`the machine: ${claim}`, () => {
    const remarks = [...judgeNode(facts), ...judgeFiles(facts), ...judgeMemory(facts), ...judgeInit(facts)];
    assertSaid(remarks, says, claim);
  });
}
