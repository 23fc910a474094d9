import assert from "node:assert/strict";
import { test } from "node:test";
import { noSystemd, reachSystemd } from "./systemctl.ts";

test("a systemd that does not answer is given up after its time, and nothing is concluded from that", async () => {
  const { systemctl } = reachSystemd({ scope: "system", systemctl: ["sh", "-c", "exec sleep 60", "systemctl"] });
  await assert.rejects(systemctl(["show"], AbortSignal.timeout(50)), {
    code: "platform_unavailable",
    retryable: true,
    message: /^systemctl did not answer in time/,
  });
});

test("the journal is reached in the way systemctl is, without its options", async () => {
  const limit = AbortSignal.timeout(20_000);
  const prefix = ["sh", "-c", 'echo "$0 $*"', "in-there", "systemctl", "--user"];
  const { systemctl, journalctl } = reachSystemd({ scope: "user", systemctl: prefix });
  assert.match((await systemctl(["show"], limit)).stdout, /^in-there systemctl --user .*show\n$/);
  assert.match((await journalctl(["--lines=1"], limit)).stdout, /^in-there journalctl .*--lines=1\n$/);
});

test("without a user's systemd it is said how to keep one running", () => {
  const error = noSystemd("user", { status: 1, stdout: "", stderr: "Failed to connect to bus: No medium found\n" });
  assert.match(
    error.message,
    /^systemd cannot be reached \(Failed to connect to bus: No medium found\)\. .*loginctl enable-linger/,
  );
});
