/// <reference types="node" />
import assert from "node:assert/strict";
import { test } from "node:test";
import { snippetsFor } from "./snippets.ts";

test("every snippet speaks to this very server and holds no key", () => {
  for (const { code } of snippetsFor("http://127.0.0.1:4004")) {
    assert.match(code, /http:\/\/127\.0\.0\.1:4004/);
    assert.doesNotMatch(code, /mw_[A-Za-z0-9]/);
  }
});

test("the body that curl sends is JSON", () => {
  const curl = snippetsFor("http://h").find((one) => one.id === "curl");
  assert.deepEqual(JSON.parse(/-d '(.*)'/.exec(curl?.code ?? "")?.[1] ?? ""), {
    agent: "my-agent",
    status: "ok",
    tokens_used: 1840,
  });
});
