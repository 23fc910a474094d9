import assert from "node:assert/strict";
import { spawn, spawnSync } from "node:child_process";
import { join } from "node:path";
import { test } from "node:test";
import { rejectsWith } from "../testing/contract/claims.ts";
import { ended, nodeArguments } from "../testing/child.ts";
import { agentState, agentWrite, beat, morning, writing } from "../testing/fixture.ts";
import { inFolder } from "../testing/folder.ts";
import { AgentTable } from "./agents.ts";
import { tailLimit } from "./beats.ts";
import { openConnection } from "./open.ts";
import { sqliteStore } from "./sqlite-store.ts";

/** Runs a program where its mounts are its own: as root, or as an ordinary user who may pretend to be. */
const ownMounts = [["--mount"], ["--mount", "--map-root-user"]].find(
  (flags) => spawnSync("unshare", [...flags, "sh", "-c", "mount -t tmpfs tmpfs /mnt"]).status === 0,
);

test(
  "when the disk is full nothing of a fold is stored, and when there is room again the next one works",
  {
    skip: ownMounts
      ? false
      : "SKIPPED: this machine lets nobody mount a small disk (unshare --mount), so a full one was NOT tested",
  },
  async () => {
    await inFolder(async (folder) => {
      const command = [...(ownMounts ?? []), process.execPath, ...nodeArguments("full-disk.ts", folder)];
      const child = spawn("unshare", command, { stdio: ["ignore", "pipe", "pipe"] });
      const { status, stderr } = await ended(child);
      assert.equal(status, 0, stderr);
    });
  },
);

test("a database at its own limit is full, and goes on when it may grow", async () => {
  await inFolder(async (folder) => {
    const db = openConnection({ file: join(folder, "midwatch.db") });
    const store = sqliteStore(db, new AgentTable(db));
    const fold = (beatsTotal: number) =>
      store.fold(
        ["bot"],
        writing(
          agentWrite("bot", {
            state: agentState("bot", { beatsTotal }),
            beats: Array.from({ length: 200 }, () => beat({ message: "x".repeat(1_000) })),
          }),
        ),
      );
    await fold(1);
    db.exec(`PRAGMA max_page_count = ${String(db.get("PRAGMA page_count")?.["page_count"])}`);
    const error = await rejectsWith("full", () => fold(2));
    assert.equal(error.retryable, true);
    assert.equal((await store.agent("bot"))?.state.beatsTotal, 1);
    assert.equal((await store.hours({ from: morning, to: morning + 1 }))[0]?.beats, 200);
    db.exec("PRAGMA max_page_count = 1000000");
    await fold(2);
    assert.equal((await store.agent("bot"))?.state.beatsTotal, 2);
    assert.equal((await store.hours({ from: morning, to: morning + 1 }))[0]?.beats, 400);
    await store.close();
  });
});

test("a fold that is durable succeeds even when there is no room to file its beats away, which is made up for later", async () => {
  await inFolder(async (folder) => {
    const db = openConnection({ file: join(folder, "midwatch.db") });
    const store = sqliteStore(db, new AgentTable(db));
    const fold = (beats: number) =>
      store.fold(
        ["bot"],
        writing(agentWrite("bot", { beats: Array.from({ length: beats }, () => beat({ tokens: 1 })) })),
      );
    const filedHours = () => db.get("SELECT count(*) AS n FROM agent_hours")?.["n"];
    const beats = async () => (await store.hours({ from: morning, to: morning + 1 }))[0]?.beats;
    await fold(tailLimit - 10);
    assert.equal(filedHours(), 0);
    const pages = Number(db.get("PRAGMA page_count")?.["page_count"]);
    db.exec(`PRAGMA max_page_count = ${pages + 10}`);
    await fold(20);
    assert.equal(filedHours(), 0, "there was no room for it");
    assert.equal(await beats(), tailLimit + 10);
    db.exec("PRAGMA max_page_count = 1000000");
    await fold(1);
    assert.equal(filedHours(), 1);
    assert.equal(await beats(), tailLimit + 11);
    await store.close();
  });
});
