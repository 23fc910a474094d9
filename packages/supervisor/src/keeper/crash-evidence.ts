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
    summary: lines.at(-1)?.slice(0, 300) ?? "it printed nothing",
    items: [
      { name: "output", text: lines.join("\n").slice(-textLimit) },
      { name: "beats", text: said.join("\n").slice(-textLimit) },
    ],
  };
}
