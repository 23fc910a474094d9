import assert from "node:assert/strict";
import { test } from "node:test";
import type { Systemd } from "./systemctl.ts";
import { journalledEnd, readJournalledEnd } from "./unit-journal.ts";

const exited = "98e322203f7a4ed290d09fe03c09fe15";
const failed = "d9b373ed55a64feb8242e02dbe79a49c";
const succeeded = "7ad2d189f7e94e70a38c781354912448";

function records(...all: readonly Readonly<Record<string, string>>[]): string {
  return all
    .map(
      (record, index) =>
        `${JSON.stringify({ __REALTIME_TIMESTAMP: `${index + 1}000`, INVOCATION_ID: "a", ...record })}\n`,
    )
    .join("");
}

const main = { MESSAGE_ID: exited, COMMAND: "ExecStart" };

test("the end of a forgotten life is read from what systemd wrote into the journal", () => {
  assert.deepEqual(readJournalledEnd(records({ ...main, EXIT_CODE: "exited", EXIT_STATUS: "3" })), {
    at: 1,
    code: 3,
    signal: null,
    oom: null,
  });
  assert.deepEqual(readJournalledEnd(records({ MESSAGE_ID: succeeded })), { at: 1, code: 0, signal: null, oom: null });
});

test("a kill for want of memory is told by the unit's result", () => {
  const end = readJournalledEnd(
    records({ ...main, EXIT_CODE: "killed", EXIT_STATUS: "9" }, { MESSAGE_ID: failed, UNIT_RESULT: "oom-kill" }),
  );
  assert.equal(end?.signal, "SIGKILL");
  assert.equal(end.oom?.confidence, "certain");
});

test("only the newest life counts, and only its main process", () => {
  const end = readJournalledEnd(
    records(
      { ...main, EXIT_CODE: "exited", EXIT_STATUS: "3" },
      { ...main, EXIT_CODE: "exited", EXIT_STATUS: "9", COMMAND: "ExecStopPost", INVOCATION_ID: "b" },
      { MESSAGE_ID: failed, UNIT_RESULT: "exit-code", INVOCATION_ID: "b" },
    ),
  );
  assert.deepEqual(end, { at: 3, code: null, signal: null, oom: null });
});

test("a journal that tells nothing, or was cut, is no end", () => {
  assert.equal(readJournalledEnd(""), null);
  assert.equal(readJournalledEnd('-- No entries --\n"MESSAGE_ID":"x"}\n{"MESSAGE_ID":'), null);
});

test("an end that is still on its way into the journal is waited for, and that of a unit that never ran is not", async () => {
  let isWritten = false;
  const asked: string[] = [];
  const journalctl: Systemd["journalctl"] = (args) => {
    const isSync = args.includes("--sync");
    asked.push(isSync ? "sync" : "read");
    isWritten ||= isSync;
    const stdout = isWritten ? records({ ...main, EXIT_CODE: "exited", EXIT_STATUS: "3" }) : "";
    return Promise.resolve({ status: 0, stdout, stderr: "" });
  };
  const systemd: Systemd = { scope: "system", command: "systemctl", systemctl: journalctl, journalctl };
  const limit = AbortSignal.timeout(10_000);
  assert.equal(await journalledEnd(systemd, { unit: "bot.service", invocation: null }, limit), null);
  assert.deepEqual(asked, ["read"]);
  const end = await journalledEnd(systemd, { unit: "bot.service", invocation: "a" }, limit);
  assert.equal(end?.code, 3);
  assert.deepEqual(asked, ["read", "read", "sync", "read"]);
});
