import assert from "node:assert/strict";
import { existsSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { test, type TestContext } from "node:test";
import { fileURLToPath } from "node:url";
import { midwatch, temporaryFolder, type MidwatchCommand } from "./support/midwatch-command.ts";
import { until } from "./support/until.ts";

const beater = fileURLToPath(new URL("agents/beater.ts", import.meta.url));

interface Kept {
  readonly command: MidwatchCommand;
  /** Process ids of the agent's lives so far. */
  readonly lives: () => readonly number[];
  readonly life: (n: number) => Promise<number>;
  readonly hangWhen: string;
}

function keep(t: TestContext, policy: readonly string[]): Kept {
  const folder = temporaryFolder(t);
  const livesFile = join(folder, "lives");
  const hangWhen = join(folder, "hang");
  const command = midwatch(t, [
    "run",
    "--data",
    join(folder, "data"),
    "--name",
    "bot",
    ...policy,
    "--",
    process.execPath,
    beater,
    livesFile,
    hangWhen,
  ]);
  const lives = (): number[] =>
    existsSync(livesFile) ? readFileSync(livesFile, "utf8").trim().split("\n").map(Number) : [];
  return {
    command,
    lives,
    life: (n) =>
      until(
        () => lives()[n - 1],
        () => `life ${n} of the agent:\n${command.output()}`,
      ),
    hangWhen,
  };
}

test("without any server: killed is restarted at once, again only after the cooldown, and after three failed attempts a human is asked", async (t) => {
  const { command, lives, life } = keep(t, [
    "--interval",
    "2s",
    "--cooldown",
    "3s",
    "--probation",
    "60s",
    "--startup",
    "20s",
  ]);
  const starts: number[] = [];
  for (let n = 1; n <= 4; n += 1) {
    const pid = await life(n);
    starts.push(performance.now());
    process.kill(pid, "SIGKILL");
  }
  const { code } = await command.ended;
  assert.equal(code, 1);
  assert.equal(lives().length, 4, "the first start and three attempts");
  const [, second = 0, third = 0, fourth = 0] = starts;
  assert.ok(third - second > 2_500 && fourth - third > 2_500, "later attempts keep the cooldown");
  assert.equal(command.output().match(/\[page\] bot: needs you/g)?.length, 1, command.output());
  assert.match(command.output(), /start it again with the same command/);
});

test("an endless loop in an agent whose process is up is noticed and the agent restarted", async (t) => {
  const { command, life, hangWhen } = keep(t, ["--interval", "1s", "--cooldown", "1s", "--stop-grace", "500ms"]);
  const first = await life(1);
  await new Promise((resolve) => setTimeout(resolve, 1_000));
  writeFileSync(hangWhen, "");
  await until(
    () => /hung|stopped beating/i.test(command.output()),
    () => `the hang to be noticed:\n${command.output()}`,
  );
  rmSync(hangWhen);
  const second = await life(2);
  assert.notEqual(second, first);
  assert.throws(() => process.kill(first, 0), "the hung process is gone");
});

test("an agent that ends by itself with status 0, and is not to be restarted, ends the command with 0", async (t) => {
  const command = midwatch(t, [
    "run",
    "--data",
    temporaryFolder(t),
    "--restart",
    "on-failure",
    "--",
    process.execPath,
    "-e",
    "console.log('done')",
  ]);
  const { code } = await command.ended;
  assert.equal(code, 0, command.output());
  assert.match(command.output(), /done/, "its output is on this terminal");
});

test("a command that is not there is refused in words, and not tried for ever", async (t) => {
  const command = midwatch(t, ["run", "--data", temporaryFolder(t), "--", "no-such-program-anywhere", "--flag"]);
  const { code } = await command.ended;
  assert.equal(code, 1, command.output());
  assert.match(command.output(), /no-such-program-anywhere/);
});

test("being asked to stop ends the agent, too", async (t) => {
  const { command, life } = keep(t, ["--interval", "5s"]);
  const pid = await life(1);
  command.child.kill("SIGTERM");
  const { code } = await command.ended;
  assert.equal(code, 0, command.output());
  assert.throws(() => process.kill(pid, 0), "no agent is left behind");
});
