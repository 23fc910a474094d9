import assert from "node:assert/strict";
import { test } from "node:test";
import type { Activity } from "./activity.ts";
import type { Socket } from "./sockets.ts";
import type { StackTaken } from "./stack.ts";
import { summarize, type Found } from "./summary.ts";

const idle: StackTaken = { loop: "idle", at: null, waitsFor: [], text: "" };
const think = { name: "think", file: "file:///srv/agent.mjs", line: 12, column: 3 };

function activity(pid: number, name: string, more: Partial<Activity> = {}): Activity {
  const identity = { pid, startTime: "1", bootId: "b" };
  return { identity, parent: 1, name, state: "S", percent: 0, busiestThread: null, doing: "waiting", ...more };
}

function found(activities: readonly Activity[], more: Partial<Found> = {}): Found {
  return { activities, stacks: new Map(), files: [], ownAddress: null, kernelWaits: new Map(), ...more };
}

function tcp(remote: string): Socket {
  const state = "established";
  return { inode: "1", kind: "TCP", local: "10.0.0.1:5", localPort: 5, remote, state, unread: 0, unsent: 0 };
}

test("behind a shell that only waits, the process that spins is named", () => {
  const spinner = activity(8, "node", { doing: "spinning", state: "R", percent: 99 });
  const stacks = new Map([[8, { ...idle, loop: "busy", at: think } as const]]);
  assert.equal(
    summarize(found([activity(7, "sh"), spinner], { stacks })),
    "spins in think() at agent.mjs:12 (99 % of one processor) [node, process 8]",
  );
});

test("a launcher that is idle too does not hide where the agent waits", () => {
  const stacks = new Map([
    [7, idle],
    [8, { ...idle, at: think, waitsFor: ["POST https://api.example/v1"] }],
  ]);
  const files = [{ pid: 8, sockets: [tcp("10.0.0.5:443"), tcp("127.0.0.1:4004")], paths: [], nameless: new Map() }];
  assert.equal(
    summarize(found([activity(7, "npm"), activity(8, "node")], { stacks, files, ownAddress: "127.0.0.1:4004" })),
    "waits, idle in think() at agent.mjs:12: its event loop has nothing to run; no answer yet to POST https://api.example/v1; " +
      "open: TCP to 10.0.0.5:443 (established) [node, process 8]",
  );
});

test("a wait in the kernel and a halt are told before anything else", () => {
  const stuck = activity(8, "node", { doing: "in-kernel", state: "D" });
  const kernelWaits = new Map([[8, "rpc_wait_bit_killable"]]);
  assert.equal(summarize(found([stuck], { kernelWaits })), "waits in the kernel (state D, in rpc_wait_bit_killable)");
  const halted = activity(9, "python3", { doing: "halted", state: "T" });
  assert.equal(summarize(found([stuck, halted])), "halted by a signal (state T); nothing runs [python3, process 9]");
});
