import assert from "node:assert/strict";
import { test } from "node:test";
import { labelsIn, plistText } from "./launchd-jobs.ts";

test("labels are read from the list of launchctl, its heading left out", () => {
  const listed = "PID\tStatus\tLabel\n-\t0\tcom.apple.SafariHistoryServiceAgent\n412\t0\tdev.midwatch\n";
  assert.deepEqual(labelsIn(listed), ["com.apple.SafariHistoryServiceAgent", "dev.midwatch"]);
  assert.deepEqual(labelsIn(""), []);
});

test("a text of a property list is read by its key", () => {
  const plist = "<dict>\n\t<key>Label</key>\n\t<string>dev.midwatch</string>\n</dict>";
  assert.equal(plistText(plist, "Label"), "dev.midwatch");
  assert.equal(plistText(plist, "Program"), null);
});
