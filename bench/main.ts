// `npm run bench -- [NAME] [ARGS…]`: one benchmark, or all in sequence, with what was aimed at. A missed aim is said and is
// no failure: figures depend on the machine and on what else it does. What counts is the comparison within one run.

import type { Bench, Finding } from "./finding.ts";
import { printTable } from "./table.ts";

const benches = {
  detect: "false alarms and detection of the cost rule, beside the plain rule; takes traces as CSV files",
  sdk: "what a beat costs the agent's loop",
  ack: "durable single beats a second, beside a bare echo",
  batch: "beats a second in bodies of 10,000, beside a bare echo",
  detection: "how long after its deadline a silent agent is noticed",
  otlp: "spans a second from OpenTelemetry to calls, beside JSON.parse",
  prices: "what pricing a call costs, beside the library of the price tables",
  memory: "what a server weighs with 1,000 agents",
  outbox: "what a look into the outbox costs while tens of thousands wait for a dead channel",
  report: "how long a month over 200 agents takes to report, beside reading its hours",
  meter: "what the metering proxy adds to a call, and what it weighs with 1,000 streams",
  keepers: "Midwatch beside PM2, supervisord and Docker; writes docs/keepers.md",
} as const;

type Name = keyof typeof benches;

const [first, ...rest] = process.argv.slice(2);
if (first === undefined) summarise(await runAll());
else if (isName(first)) summarise(await runOne(first, rest));
else refuse(first);

async function runAll(): Promise<readonly Finding[]> {
  const findings: Finding[] = [];
  for (const name of Object.keys(benches).filter(isName)) findings.push(...(await runOne(name, [])));
  return findings;
}

async function runOne(name: Name, args: string[]): Promise<readonly Finding[]> {
  console.log(`\n## ${name}: ${benches[name]}`);
  const bench = (await import(`./${name}.ts`)) as { readonly run: Bench };
  return bench.run(args);
}

function summarise(findings: readonly Finding[]): void {
  if (findings.length === 0) return;
  printTable(
    "Aims",
    ["what", "measured", "aim", ""],
    findings.map(({ what, measured, aim, met }) => [what, measured, aim, met ? "met" : "MISSED"]),
  );
  const missed = findings.filter(({ met }) => !met);
  console.log(
    missed.length === 0 ? "\nEvery aim was met." : `\n${missed.length} of ${findings.length} aims were missed.`,
  );
}

function isName(name: string): name is Name {
  return Object.hasOwn(benches, name);
}

function refuse(name: string): void {
  const known = Object.entries(benches).map(([one, what]) => `  ${one.padEnd(10)} ${what}`);
  console.error(`There is no benchmark "${name}". There are:\n${known.join("\n")}\nWithout a name all of them run.`);
  process.exitCode = 2;
}
