/// <reference types="node" />
import assert from "node:assert/strict";
import { test } from "node:test";
import { environmentFor, snippets } from "./snippets.ts";

test("the environment names this very server, and marks the place of the key until there is one", () => {
  assert.equal(
    environmentFor("http://127.0.0.1:4004", null),
    "export MIDWATCH_URL=http://127.0.0.1:4004\nexport MIDWATCH_KEY=mw_…",
  );
  assert.match(environmentFor("http://h", "mw_abc"), /^export MIDWATCH_KEY=mw_abc$/m);
});

test("no snippet holds a key", () => {
  for (const { code } of snippets) assert.doesNotMatch(code, /mw_/);
});

test("the body that curl sends is JSON", () => {
  const curl = snippets.find((one) => one.id === "curl");
  assert.deepEqual(JSON.parse(/-d '(.*)'/.exec(curl?.code ?? "")?.[1] ?? ""), {
    agent: "my-agent",
    status: "ok",
    tokens_used: 1840,
  });
});
