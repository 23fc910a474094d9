import assert from "node:assert/strict";
import { test } from "node:test";
import { assertSaid } from "../testing/said.ts";
import { judgePlatform, type KeptElsewhere } from "./platforms.ts";

const told = (answer: KeptElsewhere["told"]): KeptElsewhere => ({ agent: "bot", platform: "docker", told: answer });

test("what does not fight needs no word", () => {
  assertSaid(judgePlatform(told({ ok: true, conflicts: [] })), [], "none");
});

test("what fights is named with the change that the driver proposes", () => {
  const conflict = "The container bot has the restart policy always. Run `docker update --restart=no bot`.";
  const remarks = judgePlatform(told({ ok: true, conflicts: [conflict] }));
  assertSaid(remarks, [/worth-knowing: bot: The container bot has the restart policy always$/], "policy");
  assert.ok(remarks[0]?.kind === "finding");
  assert.equal(remarks[0].fix, "Run `docker update --restart=no bot`.");
});

test("a daemon that does not answer is bad: nothing is restarted", () => {
  const remarks = judgePlatform(told({ ok: false, why: "no socket at /var/run/docker.sock" }));
  assertSaid(remarks, [/bad: bot can't be kept: docker does not answer/], "daemon");
});
