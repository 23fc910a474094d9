import assert from "node:assert/strict";
import { test } from "node:test";
import { parseTimeSpan, parseUnitFile } from "./unit-file.ts";

test("of a setting that stands twice the last counts, and an empty one takes back what was before", () => {
  const file = parseUnitFile(
    "[Unit]\nStartLimitBurst = 3\n[Service]\n# Restart=no\nRestart=on-failure\nEnvironment=A=1\nEnvironment=B=2\n\n[Service]\nRestart=always\nExecStart=\nExecStart=/bin/a \\\n  --flag\n",
  );
  assert.equal(file.value("Service", "Restart"), "always");
  assert.equal(file.value("Unit", "StartLimitBurst"), "3");
  assert.equal(file.value("Service", "StartLimitBurst"), null);
  assert.deepEqual(file.values("Service", "Environment"), ["A=1", "B=2"]);
  assert.match(file.value("Service", "ExecStart") ?? "", /^\/bin\/a\s+--flag$/);
  assert.equal(parseUnitFile("[Service]\nRestartSec=5\nRestartSec=").value("Service", "RestartSec"), null);
});

test("times are read as systemd writes them", () => {
  const table: readonly (readonly [string, number | null])[] = [
    ["5", 5_000],
    ["100ms", 100],
    ["1min 30s", 90_000],
    ["2h", 7_200_000],
    ["1.5s", 1_500],
    ["0", 0],
    ["infinity", Infinity],
    ["soon", null],
    ["", null],
  ];
  for (const [text, ms] of table) assert.equal(parseTimeSpan(text), ms, text);
});
