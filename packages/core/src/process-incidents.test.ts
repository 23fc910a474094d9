import assert from "node:assert/strict";
import { test } from "node:test";
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

test("a crash without a word says nothing of words", () => {
  const agent = agentInTest({ keeps: true });
  agent.start(0);
  const texts = agent.exit(10, { code: 1 }).flatMap((effect) => (effect.do === "notify" ? [effect.text] : []));
  assert.deepEqual(texts, ["The supervisor restarts it."]);
});
