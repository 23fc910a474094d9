// What the JavaScript of a Node process is doing. Three cases, told apart by asking the process twice how long its event
// loop has been idle. Busy or blocked (a hot loop, `Atomics.wait`): it is halted for a moment by the debugger and its stack
// read. Idle (an `await` that never resolves): there is no stack, so what it waits for is read: requests without an
// answer, and the suspended functions. Silent (native code): the debugger does not open, and that is said.

import { setTimeout as pause } from "node:timers/promises";
import type { ProcessIdentity } from "../process/identity.ts";
import { describeFrame, ownFrame, type Frame } from "./frame.ts";
import { InspectorError, type Inspector, type InspectorEvent } from "./inspector.ts";
import { closeDebugger, evaluate, openDebugger, type Patience } from "./node-debugger.ts";
import { describeResources, resourcesExpression, type Resources } from "./node-resources.ts";
import { findSuspended, type Scripts } from "./suspended-functions.ts";
import type { StackTaken } from "./stack.ts";

const idleWatchMs = 120;
const workerLimit = 4;
const frameLimit = 40;

/** Rejects with an InspectorError that says why nothing could be read. */
export async function takeNodeStack(identity: ProcessIdentity, timeoutMs: number): Promise<StackTaken> {
  const deadline = performance.now() + timeoutMs;
  const share = (part: number): number => Math.max(1, Math.round(timeoutMs * part));
  const patience = { opensMs: share(0.35), answersMs: share(0.25), haltsMs: share(0.2) };
  const inspector = await openDebugger(identity, patience);
  try {
    const talk = new Talk(inspector, patience);
    const idle = await isIdle(talk);
    const workers = await talk.pauseWorkers();
    const main = idle ? await describeIdle(talk, deadline) : await describeBusy(talk);
    const others = [...workers].map(([title, frames]) => `${title}, innermost first:\n${listOf(frames)}`);
    const stuckWorker = idle ? ([...workers.values()].find((frames) => ownFrame(frames) !== null) ?? null) : null;
    return {
      ...main,
      ...(stuckWorker ? { busyWorkerAt: ownFrame(stuckWorker) } : {}),
      text: [`node process ${identity.pid}: ${main.text}`, ...others].join("\n\n"),
    };
  } finally {
    closeDebugger(inspector);
  }
}

/** True when the event loop spent the time between two looks waiting for events. */
async function isIdle({ inspector, patience }: Talk): Promise<boolean> {
  const look = async (): Promise<number> =>
    Number(await evaluate(inspector, "performance.eventLoopUtilization().idle", patience.answersMs));
  const before = await look();
  const since = performance.now();
  await pause(idleWatchMs);
  return (await look()) - before > (performance.now() - since) / 2;
}

/** One conversation, with the scripts that the debugger has announced in it. */
class Talk {
  readonly inspector: Inspector;
  readonly patience: Patience;
  readonly scripts = new Map<string, string>();

  constructor(inspector: Inspector, patience: Patience) {
    this.inspector = inspector;
    this.patience = patience;
    inspector.listen((event) => noteScript(this.scripts, event));
  }

  async pauseMain(): Promise<readonly Frame[] | null> {
    const paused = this.#event("Debugger.paused", this.patience.haltsMs);
    await this.inspector.call("Debugger.enable", {}, this.patience.answersMs);
    this.inspector.tell("Debugger.pause");
    const event = await paused;
    return event && framesOf(event.params, this.scripts);
  }

  /** Stacks of the worker threads that run or block, by title; an idle one does not halt. */
  async pauseWorkers(): Promise<ReadonlyMap<string, readonly Frame[]>> {
    const stacks = new Map<string, readonly Frame[]>();
    const titles = new Map<string, string>();
    const scripts = new Map<string, Map<string, string>>();
    const stop = this.inspector.listen(({ method, params }) => {
      if (method === "NodeWorker.attachedToWorker" && titles.size < workerLimit) {
        const { sessionId, workerInfo } = params as { sessionId: string; workerInfo: { title: string } };
        titles.set(sessionId, workerInfo.title);
        scripts.set(sessionId, new Map());
        for (const [id, order] of ["Debugger.enable", "Debugger.pause"].entries())
          this.#tellWorker(sessionId, { id: id + 1, method: order });
      }
      if (method !== "NodeWorker.receivedMessageFromWorker") return;
      const { sessionId, message } = params as { sessionId: string; message: string };
      const event = JSON.parse(message) as InspectorEvent;
      const known = scripts.get(sessionId);
      if (!known) return;
      noteScript(known, event);
      const title = titles.get(sessionId);
      if (event.method === "Debugger.paused" && title) {
        stacks.set(title, framesOf(event.params, known));
        this.#tellWorker(sessionId, { id: 3, method: "Debugger.resume" });
      }
    });
    try {
      await this.inspector.call("NodeWorker.enable", { waitForDebuggerOnStart: false }, this.patience.answersMs);
      const deadline = performance.now() + this.patience.haltsMs / 2;
      while (stacks.size < titles.size && performance.now() < deadline) await pause(20);
      await this.inspector.call("NodeWorker.disable", {}, this.patience.answersMs);
    } catch {
      // A Node without worker debugging; the main thread still tells its part.
    }
    stop();
    return stacks;
  }

  #tellWorker(sessionId: string, message: { readonly id: number; readonly method: string }): void {
    this.inspector.tell("NodeWorker.sendMessageToWorker", { sessionId, message: JSON.stringify(message) });
  }

  async #event(method: string, timeoutMs: number): Promise<InspectorEvent | null> {
    const { promise, resolve } = Promise.withResolvers<InspectorEvent | null>();
    const stop = this.inspector.listen((event) => event.method === method && resolve(event));
    const timer = setTimeout(() => resolve(null), timeoutMs);
    try {
      return await promise;
    } finally {
      clearTimeout(timer);
      stop();
    }
  }
}

function noteScript(scripts: Map<string, string>, { method, params }: InspectorEvent): void {
  if (method !== "Debugger.scriptParsed") return;
  const { scriptId, url } = params as { scriptId: string; url: string };
  scripts.set(scriptId, url);
}

function framesOf(params: unknown, scripts: Scripts): readonly Frame[] {
  const { callFrames } = params as {
    callFrames: readonly {
      functionName: string;
      location: { scriptId: string; lineNumber: number; columnNumber?: number };
    }[];
  };
  return callFrames.slice(0, frameLimit).map(({ functionName, location }) => ({
    name: functionName,
    file: scripts.get(location.scriptId) ?? "",
    line: location.lineNumber + 1,
    column: (location.columnNumber ?? 0) + 1,
  }));
}

function listOf(frames: readonly Frame[]): string {
  return frames.map((frame) => `  ${describeFrame(frame)}`).join("\n");
}

async function describeBusy(talk: Talk): Promise<StackTaken> {
  const frames = await talk.pauseMain();
  if (!frames)
    throw new InspectorError("its main thread answers but does not halt: it is inside native code most of the time");
  return {
    loop: "busy",
    at: ownFrame(frames),
    waitsFor: [],
    text: `its event loop does not turn; it is here, innermost first:\n${listOf(frames)}`,
  };
}

async function describeIdle(talk: Talk, deadline: number): Promise<StackTaken> {
  const { inspector, patience, scripts } = talk;
  const told = await evaluate(inspector, resourcesExpression, patience.answersMs);
  const resources = JSON.parse(String(told)) as Resources;
  // Enabling announces the scripts; disabled again, nothing halts while the process searches its heap.
  await inspector.call("Debugger.enable", {}, patience.answersMs);
  await inspector.call("Debugger.disable", {}, patience.answersMs);
  const chains = await findSuspended(inspector, scripts, Math.max(1, deadline - performance.now())).catch(
    (error: unknown) => ({ why: error instanceof InspectorError ? error.message : "its heap could not be read" }),
  );
  const suspended =
    "why" in chains
      ? `suspended functions: not taken: ${chains.why}`
      : chains.length === 0
        ? "no asynchronous function of its own is suspended"
        : ["suspended here, each waiting for the one above it:", ...chains.map(listOf)].join("\n");
  return {
    loop: "idle",
    at: "why" in chains ? null : ownFrame(chains[0] ?? []),
    waitsFor: resources.requests,
    text: `its event loop is idle: nothing runs\n${describeResources(resources)}\n\n${suspended}`,
  };
}
