// docs/keepers.md, written anew by each run.

import { readFileSync, writeFileSync } from "node:fs";
import { availableParallelism, release } from "node:os";
import { format } from "prettier";
import { isHere } from "./keeper.ts";
import { findingsOf, type Results, type Rows } from "./rows.ts";

const page = new URL("../../docs/keepers.md", import.meta.url);

export async function writePage(results: Results, { head, rows, notes }: Rows): Promise<void> {
  const versions = results.peers.map((peer) => `${peer.name} ${isHere(peer) ? peer.version : "(not here)"}`).join(", ");
  const { load, seconds } = results;
  const text = `# Midwatch beside other keepers

One run of \`npm run bench -- keepers\`, which writes this page. It needs Linux; for PM2 and supervisord it needs their registries, for
Docker root, \`dockerd\` and a static busybox. The same small agents run under each keeper at the same time, so what else the machine
does falls on all of them. Figures depend on the machine; the comparison is the point.

${new Date().toISOString().slice(0, 10)} · ${versions} · Node ${process.versions.node} · Linux ${release()}, ${availableParallelism()} cores · load
average ${load.before.toFixed(1)} before and ${load.after.toFixed(1)} after · ${(seconds / 60).toFixed(1)} minutes

${tableOf(head, rows)}

${notes.map((note) => `- ${note}`).join("\n")}

## What was aimed at

${tableOf(
  ["what", "measured", "aim", ""],
  findingsOf(results).map(({ what, measured, aim, met }) => [what, measured, aim, met ? "met" : "**missed**"]),
)}

## How to read it

${explanations()}
`;
  writeFileSync(page, await format(text, { parser: "markdown", printWidth: 120 }));
}

function explanations(): string {
  return readFileSync(new URL("reading.md", import.meta.url), "utf8");
}

function tableOf(head: readonly string[], rows: readonly (readonly string[])[]): string {
  const line = (cells: readonly string[]): string => `| ${cells.join(" | ")} |`;
  return [line(head), line(head.map(() => "---")), ...rows.map(line)].join("\n");
}
