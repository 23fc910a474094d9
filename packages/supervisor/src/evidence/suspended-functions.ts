// The stack of an agent that waits. When an `await` never resolves, no JavaScript is on the stack; but the functions that
// wait are objects in the heap, each bound to the promise it awaits. So the idle process is asked to look through a snapshot
// of its own heap: for each suspended function, which other one awaits its promise. That gives the stack the code would
// have had if it were not asynchronous, and for each frame the debugger knows the line of the `await`.
//
// The search runs in the agent, which is about to be killed, and not in the supervisor, which must go on. Only when its
// heap is small enough that neither time nor memory runs out (measured: 0.4 s for 9 MB). What V8 names in a snapshot
// is no promise to anyone; where a name is missing, frames are missing, and nothing else happens.

import type { Inspector } from "./inspector.ts";
import type { Frame } from "./frame.ts";
import { indexHeap, searchHeap, type Suspended } from "./heap-search.ts";

const heapLimit = 32 * 2 ** 20;
const frameLimit = 16;

/** Scripts by id, as the debugger announces them. */
export type Scripts = ReadonlyMap<string, string>;

/** Chains of waiting functions, longest first, in each the innermost first; or why there are none. */
export async function findSuspended(
  inspector: Inspector,
  scripts: Scripts,
  timeoutMs: number,
): Promise<readonly (readonly Frame[])[] | { readonly why: string }> {
  const ownScripts = [...scripts].filter(([, url]) => url !== "" && !url.startsWith("node:")).map(([id]) => Number(id));
  const deadline = performance.now() + timeoutMs;
  const call = `(${searchHeap.toString()})(${indexHeap.toString()}, ${JSON.stringify(ownScripts)}, ${heapLimit})`;
  // Begun from the event loop itself: what the debugger calls may rest unfinished until something else wakes the loop.
  const expression = `new Promise((begin) => setImmediate(begin)).then(() => ${call})`;
  const answer = (await inspector.call(
    "Runtime.evaluate",
    { expression, awaitPromise: true, returnByValue: true },
    timeoutMs,
  )) as { result?: { value?: string } };
  const found = JSON.parse(answer.result?.value ?? "{}") as { why?: string; suspended?: readonly Suspended[] };
  if (!found.suspended) return { why: found.why ?? "the process could not look through its heap" };
  const chains = chainsOf(found.suspended);
  const frames = new Map<number, Frame | null>();
  for (const { id, name } of chains.flat().slice(0, frameLimit)) {
    const left = deadline - performance.now();
    if (left <= 0) break;
    frames.set(id, await locate(inspector, scripts, { id, name, timeoutMs: left }));
  }
  return chains
    .map((chain) => chain.map(({ id }) => frames.get(id) ?? null).filter((frame) => frame !== null))
    .filter((chain) => chain.length > 0);
}

/** Follows `awaitedBy` from each function that awaits something else than one of these. */
function chainsOf(suspended: readonly Suspended[]): readonly (readonly Suspended[])[] {
  const byId = new Map(suspended.map((one) => [one.id, one]));
  const outer = new Set(suspended.map(({ awaitedBy }) => awaitedBy));
  const chains = suspended
    .filter(({ id }) => !outer.has(id))
    .map((innermost) => {
      const chain: Suspended[] = [];
      for (let next: Suspended | undefined = innermost; next && !chain.includes(next);) {
        chain.push(next);
        next = next.awaitedBy === null ? undefined : byId.get(next.awaitedBy);
      }
      return chain;
    });
  return chains.toSorted((a, b) => b.length - a.length);
}

/** Where exactly a suspended function waits; null for one that is not asynchronous or has ended. */
async function locate(
  inspector: Inspector,
  scripts: Scripts,
  { id, name, timeoutMs }: { readonly id: number; readonly name: string; readonly timeoutMs: number },
): Promise<Frame | null> {
  const handle = (await inspector.call(
    "HeapProfiler.getObjectByHeapObjectId",
    { objectId: String(id) },
    timeoutMs,
  )) as {
    result: { objectId: string };
  };
  const { internalProperties } = (await inspector.call(
    "Runtime.getProperties",
    { objectId: handle.result.objectId, ownProperties: true },
    timeoutMs,
  )) as { internalProperties?: readonly { name: string; value?: { value?: unknown; className?: string } }[] };
  const property = (what: string) => internalProperties?.find((one) => one.name === what)?.value;
  const className = property("[[GeneratorFunction]]")?.className ?? "";
  const place = property("[[GeneratorLocation]]")?.value as
    { scriptId: string; lineNumber: number; columnNumber: number } | undefined;
  // One that has run to its end lies in the heap until it is swept.
  const suspended = property("[[GeneratorState]]")?.value === "suspended";
  if (!suspended || !className.startsWith("Async") || !place) return null;
  return { name, file: scripts.get(place.scriptId) ?? "", line: place.lineNumber + 1, column: place.columnNumber + 1 };
}
