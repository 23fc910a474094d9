/// <reference types="node" />
import assert from "node:assert/strict";
import { test } from "node:test";
import { agentHref, parseRoute } from "./route.ts";

test("a link to any legal name leads back to that name", () => {
  for (const name of ["my-agent", "team/a:b@host", "50%", "#/agents/x"]) {
    assert.deepEqual(parseRoute(agentHref(name)), { page: "agent", name });
  }
});

test("incidents have a page of their own", () => {
  assert.deepEqual(parseRoute("#/incidents"), { page: "incidents" });
});

test("everything else is the fleet", () => {
  for (const hash of ["", "#", "#/", "#/agents/", "#/elsewhere"]) assert.deepEqual(parseRoute(hash), { page: "fleet" });
});

test("a hand-typed name needs no escapes, and a stray percent sign breaks nothing", () => {
  assert.deepEqual(parseRoute("#/agents/team/a"), { page: "agent", name: "team/a" });
  assert.deepEqual(parseRoute("#/agents/50%"), { page: "agent", name: "50%" });
});
