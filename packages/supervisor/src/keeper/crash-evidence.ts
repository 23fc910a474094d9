import { lastWords } from "@midwatch/core";
import { redactText } from "@midwatch/protocol";
import type { EvidenceBundle } from "@midwatch/protocol";
import type { RememberedBeat } from "./keeper-world.ts";

/** An item's share of the whole, in characters. */
const textLimit = 16_000;

/** What is left to be asked after a crash: what it printed and what it said last. */
export function crashEvidence(
  runId: string,
  lines: readonly string[],
  beats: readonly RememberedBeat[],
): EvidenceBundle {
  const said = beats.map(
    ({ at, status, message, tokens }) =>
      `${new Date(at).toISOString()} ${status}, ${tokens} tokens${message === null ? "" : `: ${message}`}`,
  );
  return {
    run_id: runId,
    why: "crashed",
    summary: redactText((lastWords(lines) ?? "it printed nothing").slice(0, 300)),
    items: [
      { name: "output", text: redactText(lines.join("\n").slice(-textLimit)) },
      { name: "beats", text: redactText(said.join("\n").slice(-textLimit)) },
    ],
  };
}
