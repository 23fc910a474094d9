// A server whose disk fills up, and has room again. Runs in a mount namespace of its own, so that its small disk is gone
// with it: `unshare --mount … full-disk.ts FOLDER`. Ends with status 0 when every claim holds.

import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { closeSync, openSync, rmSync, writeSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as pause } from "node:timers/promises";
import type { AgentView, ErrorBody } from "@midwatch/protocol";
import { startTestServer, type Reply } from "./test-server.ts";

const [disk = ""] = process.argv.slice(2);
execFileSync("mount", ["-t", "tmpfs", "-o", "size=8m", "tmpfs", disk]);
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

await using midwatch = await startTestServer({ file: join(disk, "midwatch.db") });
let seq = 0;
let acknowledged = 0;

/** A beat with much to say, so that what room the log has left is soon used up. */
async function beat(): Promise<Reply> {
  const body = {
    agent: "full",
    run_id: "r",
    instance: "i",
    seq: (seq += 1),
    message: "x".repeat(2_000),
    tokens_used: 1,
  };
  const reply = await midwatch.beat(body);
  if (reply.status === 200) acknowledged += 1;
  return reply;
}

/** The probe's answer; the sweeper looks at the disk every few seconds, so it may take a moment. */
async function ready(status: number): Promise<Reply> {
  for (let tries = 0; ; tries += 1) {
    const reply = await midwatch.get("/readyz");
    if (reply.status === status || tries > 200) return reply;
    await pause(100);
  }
}

assert.equal((await beat()).status, 200);
fill();
let refused = await beat();
for (let more = 0; refused.status === 200 && more < 5_000; more += 1) refused = await beat();
assert.equal(refused.status, 503);
assert.match(refused.headers.get("retry-after") ?? "", /^\d+$/);
assert.match((refused.body as ErrorBody).error.message, /disk .* is full; make room/);
assert.equal((await ready(503)).status, 503);
assert.match(JSON.stringify((await ready(503)).body), /disk .* is full/);
assert.equal((await midwatch.get("/healthz")).status, 200);
assert.equal((await midwatch.get<AgentView>("/api/v1/agents/full")).body.beats_total, acknowledged);

rmSync(filler);
assert.equal((await beat()).status, 200);
assert.equal((await ready(200)).status, 200);
assert.equal((await midwatch.get<AgentView>("/api/v1/agents/full")).body.beats_total, acknowledged);
