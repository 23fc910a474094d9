// Memory that runs out for real under a real systemd with control groups of the second kind, in a kernel of its own: only there
// does systemd tell it, and hosts with the first kind still exist, so a test on the host alone would see one of the two.

import assert from "node:assert/strict";
import { test } from "node:test";
import type { Observation } from "../target/platform-driver.ts";
import { repository, runInUml, whyNoUml } from "../testing/uml-systemd.ts";

interface Starved {
  readonly refusal: null;
  readonly running: Extract<Observation, { known: true }>;
  readonly ended: Extract<Observation, { known: true }>;
  readonly evidence: readonly { readonly name: string; readonly text: string }[];
  readonly hints: number;
  readonly lines: readonly string[];
}

const starved = `[Service]
EnvironmentFile=/run/midwatch/starved.service.env
ExecStart=/bin/sh -c 'echo $MIDWATCH_RUN_ID is hungry; until [ -e /run/midwatch/go ]; do sleep 0.1; done; exec tail /dev/zero'
MemoryMax=30M
MemorySwapMax=0`;

test("with control groups of the second kind, systemd's oom-kill and the group's counter are told for what they are", async (t) => {
  const skip = (why: string): void => {
    console.error(`SKIPPED: ${t.name}: ${why}`);
    t.skip(why);
  };
  const why = whyNoUml();
  if (why !== null) return skip(why);
  const node = `'${process.execPath}' --conditions=midwatch-source --disable-warning=ExperimentalWarning`;
  const source = `${repository}/packages/supervisor/src`;
  const machine = await runInUml({
    units: { "starved.service": starved },
    script: [
      "cat /sys/fs/cgroup/cgroup.controllers",
      `${node} '${source}/testing/starved-unit.ts'`,
      `${node} --test-reporter=tap '${source}/process/out-of-memory.test.ts'`,
    ],
    limitMs: 150_000,
  });
  if (!machine.ran) return skip(machine.why);
  const answer = machine.printed;
  assert.match(answer, /\bmemory\b/, "the machine has no memory controller");
  const [, told] = /^STARVED (.*)$/m.exec(answer) ?? [];
  assert.ok(told !== undefined, answer);
  const { refusal, running, ended, evidence, hints, lines } = JSON.parse(told) as Starved;
  assert.equal(refusal, null);
  assert.ok((running.running?.pid ?? 0) > 1, "its main process is seen from the same machine");
  assert.deepEqual(
    { ...ended.lastEnd, at: 0 },
    { at: 0, code: null, signal: "SIGKILL", oom: { confidence: "certain", seen: "systemd's result is oom-kill" } },
  );
  assert.ok(hints > 0, "the end of its process was hinted at");
  assert.match(evidence.find(({ name }) => name === "control group")?.text ?? "", /MemoryMax=31457280/);
  assert.ok(lines.includes("r1 is hungry"), lines.join("\n"));

  // The process watcher's own tests, with this kernel's counters and log.
  assert.match(answer, /^# fail 0$/m, answer);
  assert.match(answer, /^# skipped 0$/m, answer);
  assert.match(answer, /^# pass [1-9]/m, answer);
});
