import type { EvidenceView, IncidentView } from "@midwatch/protocol";
import { call, type Target } from "../client.ts";
import { clean, cleanLines, paint } from "../terminal.ts";

const whyWords: Readonly<Record<EvidenceView["why"], string>> = {
  hung: "it hung",
  crashed: "it crashed",
  overdue: "its shutdown was overdue",
};

/** `midwatch evidence INCIDENT`: what was taken of the agent's runs, oldest first, each item under its name. */
export async function showEvidence(target: Target, id: number, json: boolean): Promise<void> {
  const incident = await call<IncidentView>(target, "GET", `/api/v1/incidents/${id}`);
  const pieces: EvidenceView[] = [];
  for (const line of incident.evidence) pieces.push(await call(target, "GET", `/api/v1/evidence/${line.id}`));
  process.stdout.write(`${json ? JSON.stringify(pieces, null, 2) : wordsOf(incident, pieces)}\n`);
}

function wordsOf(incident: IncidentView, pieces: readonly EvidenceView[]): string {
  const heading = paint("bold", `#${incident.id} ${clean(incident.agent)}: ${clean(incident.title)}`);
  if (pieces.length === 0) {
    return `${heading}\nNo evidence is kept of it. A supervisor takes some when an agent hangs or crashes; the newest of each agent is kept.`;
  }
  return [heading, ...pieces.map(pieceWords)].join("\n\n");
}

function pieceWords({ at, why, run_id, summary, items }: EvidenceView): string {
  const head = `${at}  taken because ${whyWords[why]}, of run ${clean(run_id)}\n${paint("yellow", clean(summary))}`;
  const bodies = items.map(({ name, text }) => {
    const lines = cleanLines(text.trimEnd()).map((line) => `  ${line}`.trimEnd());
    return `${paint("bold", clean(name))}\n${lines.join("\n")}`;
  });
  return [head, ...bodies].join("\n\n");
}
