import assert from "node:assert/strict";
import { test } from "node:test";
import { assertSaid } from "../testing/said.ts";
import { judgePlatform, type KeptElsewhere } from "./platforms.ts";

const told = (answer: KeptElsewhere["told"]): KeptElsewhere => ({ agent: "bot", platform: "docker", told: answer });

test("what does not fight needs no word", () => {
  assertSaid(judgePlatform(told({ ok: true, conflicts: [] })), [], "none");
});

test("what fights is told with the change that the driver proposes, however it joins the two", () => {
  for (const conflict of [
    "container bot is also restarted by Docker itself; leave that to Midwatch: docker update --restart=no bot",
    "Container bot is also restarted by Docker itself. Leave that to Midwatch: docker update --restart=no bot",
  ]) {
    const [remark, ...more] = judgePlatform(told({ ok: true, conflicts: [conflict] }));
    assert.deepEqual(more, []);
    assert.deepEqual(remark, {
      kind: "finding",
      severity: "worth-knowing",
      title: "Docker and Midwatch do not agree about bot",
      why: "Container bot is also restarted by Docker itself.",
      fix: "Leave that to Midwatch: docker update --restart=no bot",
    });
  }
});

test("a daemon that does not answer is bad: nothing is restarted", () => {
  const remarks = judgePlatform(told({ ok: false, why: "no socket at /var/run/docker.sock" }));
  assertSaid(remarks, [/bad: bot can't be kept: Docker does not answer/], "daemon");
});
