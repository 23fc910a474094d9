import assert from "node:assert/strict";
import test from "node:test";
import type { AlertMessage } from "@midwatch/core";
import { offeredActions } from "./offered-actions.ts";

const group: AlertMessage = {
  ...{ what: "opened", id: "grp_1_1_opened", thread: "grp_1_1", at: 0, channels: ["me"], agent: null, kind: "silent" },
  ...{ severity: "page", title: "3 agents silent", text: "", since: 0, members: [], acknowledged: null, detail: null },
};
const nowhere = { kept: false, paused: false };

test("the message of a group can be acknowledged from until somebody has, also after others have joined it", () => {
  const offered = (more: Partial<AlertMessage>) => offeredActions({ ...group, ...more }, null, nowhere);
  const acknowledged = { by: "ada", at: 0 };
  assert.deepEqual(offered({}), ["acknowledge"]);
  assert.deepEqual(offered({ what: "updated" }), ["acknowledge"]);
  assert.deepEqual(offered({ what: "acknowledged", acknowledged }), []);
  assert.deepEqual(offered({ what: "updated", acknowledged }), []);
});
