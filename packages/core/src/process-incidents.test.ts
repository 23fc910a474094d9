import assert from "node:assert/strict";
import { test } from "node:test";
import type { Exit } from "./event.ts";
import { describeExit } from "./process-incidents.ts";
import { agentInTest } from "./testing/agent-in-test.ts";

test("a crash tells the line that names the error, wherever the runtime put it", () => {
  const table: readonly (readonly [string, readonly string[], string])[] = [
    [
      "python",
      ["Traceback (most recent call last):", '  File "agent.py", line 3', "KeyError: 'price'"],
      "KeyError: 'price'",
    ],
    [
      "node",
      ["TypeError: x is undefined", "    at onError (agent.js:3:1)", "Node.js v26.10.0"],
      "TypeError: x is undefined",
    ],
    ["no error named", ["working …", "bye"], "bye"],
  ];
  for (const [runtime, lastLines, words] of table) {
    const agent = agentInTest({ keeps: true });
    agent.start(0);
    const [text = ""] = agent
      .exit(10, { code: 1, lastLines })
      .flatMap((effect) => (effect.do === "notify" ? [effect.text] : []));
    assert.ok(text.endsWith(`Its last words: ${words}`), `${runtime}: ${text}`);
  }
});

test("how a process ended is said in one clause", () => {
  const exit = { code: null, signal: null, stoppedFor: null, oom: null, lastLines: [] };
  const table: readonly (readonly [Partial<Exit>, string])[] = [
    [{ code: 0 }, "ended with status 0"],
    [{ code: 3 }, "crashed with exit status 3"],
    [{ code: 126 }, "crashed with exit status 126: a command in its line may not be executed"],
    [{ code: 127 }, "crashed with exit status 127: a command in its line was not found"],
    [{ signal: "SIGSEGV" }, "killed by SIGSEGV"],
    [{ signal: "SIGKILL", oom: { confidence: "certain", seen: "" } }, "killed because memory ran out"],
    [{ code: 137, oom: { confidence: "likely", seen: "" } }, "probably killed because memory ran out"],
    [{ signal: "SIGKILL", stoppedFor: "hung" }, "stopped because it hung"],
    [{}, "ended; how could not be seen"],
  ];
  for (const [how, words] of table) assert.equal(describeExit({ ...exit, ...how }), words);
});

test("a crash without a word says nothing of words", () => {
  const agent = agentInTest({ keeps: true });
  agent.start(0);
  const texts = agent.exit(10, { code: 1 }).flatMap((effect) => (effect.do === "notify" ? [effect.text] : []));
  assert.deepEqual(texts, ["The supervisor restarts it, within its limits."]);
});
