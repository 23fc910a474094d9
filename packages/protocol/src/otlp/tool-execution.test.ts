import assert from "node:assert/strict";
import { test } from "node:test";
import { argsHash } from "../../../../sdks/typescript/src/tool-digest.ts";
import { counts, log, span } from "../testing/otlp-meanings.ts";
import type { Told } from "../testing/otlp-messages.ts";

test("a tool's arguments have one digest, as an SDK would make it, however they are written", () => {
  const expected = argsHash({ query: "tides", page: 1 });
  const written: readonly Told[] = [
    { "gen_ai.tool.call.arguments": '{ "page": 1, "query": "tides" }' },
    { "gen_ai.tool.call.arguments": { query: "tides", page: 1 } },
  ];
  for (const args of written) {
    const meaning = span("execute_tool search", {
      "gen_ai.operation.name": "execute_tool",
      "gen_ai.tool.name": "search",
      ...args,
    });
    assert.equal(meaning?.is, "tool");
    assert.deepEqual(meaning.call.tools, [{ name: "search", argsHash: expected }]);
    assert.deepEqual([meaning.call.calls, ...counts(meaning.call)], [0, 0, 0, 0, 0, 0]);
  }
  const id = "call_0123456789abcdef";
  const result = log({
    event: "codex.tool_result",
    attributes: { tool_name: "search", call_id: id, arguments: '{"query":"tides","page":1}' },
  });
  assert.deepEqual([result?.key, result?.tools], [`tool/${id}`, [{ name: "search", argsHash: expected }]]);
  const bare = log({ event: "claude_code.tool_result", attributes: { tool_name: "Bash", success: "true" } });
  assert.deepEqual(bare?.tools, [{ name: "Bash", argsHash: null }], "a name alone is told without arguments");
  const text = span("t", { "openinference.span.kind": "TOOL", "tool.name": "ask", "input.value": "just words" });
  assert.deepEqual(text?.call.tools, [{ name: "ask", argsHash: argsHash("just words") }]);
});
