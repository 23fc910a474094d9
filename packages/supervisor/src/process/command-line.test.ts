import assert from "node:assert/strict";
import { chmod, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import { argumentsOf, findCommand } from "./command-line.ts";

test("a command of plain words runs without a shell, anything else goes to sh -c as it stands", () => {
  const cases: [string, string[]][] = [
    ["python agent.py --loop", ["python", "agent.py", "--loop"]],
    [`node -e "console.log(1)" 'a b'`, ["node", "-e", "console.log(1)", "a b"]],
    ["  spaced   out  ", ["spaced", "out"]],
    [`run "a"'b'c`, ["run", "abc"]],
    [`run ''`, ["run", ""]],
  ];
  for (const [line, argv] of cases) assert.deepEqual(argumentsOf(line), argv, line);
  for (const line of [
    "a && b",
    "a > log",
    "A=1 run",
    'echo "$HOME"',
    "ls *.py",
    "it's",
    "~/agent",
    "exec agent",
    "cd bot",
  ]) {
    assert.deepEqual(argumentsOf(line), ["/bin/sh", "-c", line], line);
  }
  assert.deepEqual(argumentsOf(["a b", "c"]), ["a b", "c"]);
});

test("a command that cannot be started is refused with what is wrong and what to do", async (t) => {
  const folder = await mkdtemp(join(tmpdir(), "midwatch-command-"));
  t.after(() => rm(folder, { recursive: true }));
  await writeFile(join(folder, "plain.txt"), "not a program");
  await writeFile(join(folder, "tool"), "#!/bin/sh\n");
  await chmod(join(folder, "tool"), 0o755);
  const look = (argv: string[], cwd = folder): string => {
    const found = findCommand(argv, { cwd, path: `/nowhere:${folder}` });
    return found.ok ? "ok" : found.reason;
  };
  assert.equal(look(["tool"]), "ok");
  assert.equal(look(["./tool"]), "ok");
  assert.match(look(["no-such-tool"]), /"no-such-tool" was not found in PATH; install it, or correct `run`/);
  assert.match(look(["./gone.sh"]), /"\.\/gone\.sh" was not found in .*midwatch-command-/);
  assert.match(look(["./plain.txt"]), /plain\.txt may not be executed; check its mode/);
  assert.match(look(["tool"], join(folder, "gone")), /its folder .*gone does not exist; check `cwd`/);
  assert.match(look([]), /its command is empty/);
});
