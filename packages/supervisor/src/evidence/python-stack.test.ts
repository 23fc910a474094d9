import assert from "node:assert/strict";
import { test } from "node:test";
import { ownFrame, shortFrame } from "./frame.ts";
import { parseFaulthandler, parsePySpy } from "./python-stack.ts";

test("of faulthandler's threads the one that took the signal counts, innermost first", () => {
  const frames = parseFaulthandler(
    [
      "Thread 0x00007f01 (most recent call first):",
      '  File "/usr/lib/python3.11/threading.py", line 324 in wait',
      "",
      "Current thread 0x00007f02 (most recent call first):",
      '  File "/usr/lib/python3.11/ssl.py", line 1314 in read',
      '  File "/srv/my agent.py", line 20 in ask',
      '  File "/srv/my agent.py", line 31 in <module>',
    ].join("\n"),
  );
  assert.deepEqual(
    frames.map(({ name, line }) => [name, line]),
    [
      ["read", 1314],
      ["ask", 20],
      ["", 31],
    ],
  );
  const own = ownFrame(frames);
  assert.equal(own && shortFrame(own), "ask() at my agent.py:20");
});

test("py-spy's lines are understood", () => {
  const frames = parsePySpy(
    [
      "Process 7: python agent.py",
      "Python v3.11.7 (/usr/bin/python3.11)",
      "",
      'Thread 7 (active): "MainThread"',
      "    think (agent.py:6)",
      "    <module> (agent.py:7)",
      'Thread 9 (idle): "Thread-1"',
      "    wait (threading.py:324)",
    ].join("\n"),
  );
  assert.deepEqual(frames.map(shortFrame), ["think() at agent.py:6", "agent.py:7"]);
});

test("what is no stack has no frames", () => {
  assert.deepEqual(parseFaulthandler("Fatal Python error: none"), []);
  assert.deepEqual(parsePySpy("Error: Permission denied"), []);
  assert.equal(ownFrame([]), null);
});
