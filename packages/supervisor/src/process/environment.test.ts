import assert from "node:assert/strict";
import { test } from "node:test";
import { environmentOf } from "./environment.ts";

const about = {
  inherited: {
    PATH: "/bin",
    MIDWATCH_KEY: "mw_of_the_supervisor",
    MIDWATCH_RESTART_REASON: "its own",
    GONE: undefined,
  },
  own: { MODE: "live", PATH: "/opt/bin" },
  added: {},
  url: "http://127.0.0.1:9",
  key: "mw_local",
  agent: "bot",
  runId: "r1",
  marker: "s.r1",
  intervalMs: 1_500,
  stackFile: "/stacks/bot.txt",
  death: null,
};

test("an agent gets its own settings and the local address, and nothing of the supervisor's own MIDWATCH_", () => {
  assert.deepEqual(environmentOf(about), {
    PATH: "/opt/bin",
    MODE: "live",
    MIDWATCH_URL: "http://127.0.0.1:9",
    MIDWATCH_KEY: "mw_local",
    MIDWATCH_AGENT: "bot",
    MIDWATCH_RUN_ID: "r1",
    MIDWATCH_INSTANCE: "s.r1",
    MIDWATCH_INTERVAL: "1500ms",
    MIDWATCH_STACK_FILE: "/stacks/bot.txt",
    NODE_OPTIONS: "--inspect-port=0 --inspect-publish-uid=http",
  });
});

test("what its keeper adds is there, and never in place of what the supervisor itself has to say", () => {
  const environment = environmentOf({ ...about, added: { OPENAI_BASE_URL: "http://meter", MIDWATCH_KEY: "mw_other" } });
  assert.equal(environment["OPENAI_BASE_URL"], "http://meter");
  assert.equal(environment["MIDWATCH_KEY"], "mw_local");
});

test("a debugger's port of the agent's own choice stands, and its other options are kept", () => {
  const withOptions = (options: string): string | undefined =>
    environmentOf({ ...about, own: { NODE_OPTIONS: options } })["NODE_OPTIONS"];
  assert.equal(
    withOptions("--max-old-space-size=512"),
    "--max-old-space-size=512 --inspect-port=0 --inspect-publish-uid=http",
  );
  assert.equal(withOptions("--inspect=9230"), "--inspect=9230");
});

test("after a crash it is told why, and where the rest stands", () => {
  const environment = environmentOf({ ...about, death: { reason: "killed by SIGKILL", tombstone: "/t.json" } });
  assert.equal(environment["MIDWATCH_RESTART_REASON"], "killed by SIGKILL");
  assert.equal(environment["MIDWATCH_TOMBSTONE"], "/t.json");
});
