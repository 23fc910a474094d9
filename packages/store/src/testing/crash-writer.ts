// Folds until it is killed, and says after each fold that it resolved. Every fold adds one beat per agent and round,
// one line of history and one notification, so whoever looks later can tell a fold that is there by half.

import { writeSync } from "node:fs";
import type { AgentRow, Writes } from "../store.ts";
import { openSqliteStore } from "../sqlite/open.ts";
import { agentState, agentWrite, beat, entry, namesOf } from "./fixture.ts";

const [file = ""] = process.argv.slice(2);
const names = namesOf(20);

/** Enough that the beats are filed away every few folds, and the kill may well fall into that. */
const beatsPerAgent = 100;

function nextFold(rows: ReadonlyMap<string, AgentRow>): Writes {
  const fold = (rows.get(names[0] ?? "")?.state.beatsTotal ?? 0) + 1;
  return {
    agents: names.map((name) =>
      agentWrite(name, {
        state: agentState(name, { beatsTotal: fold }),
        beats: Array.from({ length: beatsPerAgent }, (_, seq) => beat({ seq, tokens: 1 })),
        history: [entry()],
      }),
    ),
    notices: () => [{ key: `fold-${fold}`, at: 0, body: {} }],
  };
}

const store = await openSqliteStore({ file });
for (;;) {
  await store.fold(names, nextFold);
  // Straight to the file descriptor: a line that was written is one that the parent can read.
  writeSync(1, "resolved\n");
}
