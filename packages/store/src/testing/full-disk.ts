// Fills the disk under a store, and makes room again. Runs in a mount namespace of its own, so that its small disk
// is gone with it: `unshare --mount … full-disk.ts FOLDER`. Ends with status 0 when every claim holds.

import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { closeSync, openSync, rmSync, writeSync } from "node:fs";
import { join } from "node:path";
import type { AgentRow, Writes } from "../store.ts";
import { openSqliteStore } from "../sqlite/open.ts";
import { present, rejectsWith } from "./contract/claims.ts";
import { agentState, agentWrite, beat } from "./fixture.ts";

const [disk = ""] = process.argv.slice(2);
const page = { limit: 10_000, cursor: null };
const filler = join(disk, "filler");

/** Writes until there is no room for another byte. */
function fill(): void {
  const file = openSync(filler, "a");
  for (let bytes = 65_536; bytes >= 1;) {
    try {
      writeSync(file, Buffer.alloc(bytes));
    } catch (error) {
      if (!(error instanceof Error && "code" in error && error.code === "ENOSPC")) throw error;
      bytes = bytes === 1 ? 0 : Math.trunc(bytes / 2);
    }
  }
  closeSync(file);
}

/** A fold of a few hundred kilobytes. */
function bigFold(rows: ReadonlyMap<string, AgentRow>): Writes {
  const fold = (rows.get("bot")?.state.beatsTotal ?? 0) + 1;
  const beats = Array.from({ length: 500 }, (_, seq) => beat({ seq, message: "x".repeat(1_000) }));
  return {
    agents: [agentWrite("bot", { state: agentState("bot", { beatsTotal: fold }), beats })],
    notices: () => [{ key: `fold-${fold}`, at: 0, body: {} }],
  };
}

execFileSync("mount", ["-t", "tmpfs", "-o", "size=8m", "tmpfs", disk]);
const file = join(disk, "midwatch.db");
const store = await openSqliteStore({ file });
const closed = join(disk, "closed.db");
await (await openSqliteStore({ file: closed })).close();

async function stored() {
  const beats = (await store.beats("bot", page)).items.length;
  const notices = (await store.noticeLag(0)).waiting;
  return { folds: present(await store.agent("bot")).state.beatsTotal, beats, notices };
}

await store.fold(["bot"], bigFold);
fill();

// The log may have room left from before; then it is used up.
let folds = 1;
const error = await rejectsWith("full", async () => {
  for (; folds < 100; folds += 1) await store.fold(["bot"], bigFold);
});
assert.equal(error.retryable, true);
assert.match(error.message, /free some space on its disk; Midwatch goes on by itself then/);
assert.deepEqual(await stored(), { folds, beats: folds * 500, notices: folds });
await rejectsWith("full", () => store.fold(["bot"], bigFold));
await rejectsWith("full", () => openSqliteStore({ file: join(disk, "new.db") }));
await rejectsWith("full", () => openSqliteStore({ file: closed }));
assert.deepEqual(await stored(), { folds, beats: folds * 500, notices: folds });

rmSync(filler);
await store.fold(["bot"], bigFold);
folds += 1;
assert.deepEqual(await stored(), { folds, beats: folds * 500, notices: folds });
await store.close();
await (await openSqliteStore({ file: closed })).close();

const again = await openSqliteStore({ file });
assert.equal((await again.agent("bot"))?.state.beatsTotal, folds);
assert.equal((await again.beats("bot", page)).items.length, folds * 500);
await again.close();
