// What `suspended-functions.ts` asks an idle Node process to do: to look through a snapshot of its own heap. These functions
// are sent as text and run there, so each may use only its parameters and what every Node has.

import type * as V8 from "node:v8";

export interface Suspended {
  /** By which the debugger knows the object. */
  readonly id: number;
  readonly name: string;
  /** The function that awaits this one; null when none was found. */
  readonly awaitedBy: number | null;
}

interface HeapIndex {
  readonly nameOf: (node: number) => string;
  readonly idOf: (node: number) => number;
  /** The first of what a node refers to; `name` is empty where the reference has only a number. */
  readonly edgesOf: (node: number) => readonly { readonly name: string; readonly to: number }[];
  /** The suspended functions and generators, with the number of the script each is written in. */
  readonly scriptOf: ReadonlyMap<number, number>;
}

/** The format is V8's: flat arrays of numbers, their fields named in `meta`. */
export function indexHeap(snapshotText: string): HeapIndex {
  const heap = JSON.parse(snapshotText) as {
    snapshot: {
      meta: { node_fields: string[]; edge_fields: string[]; edge_types: [string[]]; location_fields: string[] };
    };
    nodes: number[];
    edges: number[];
    locations: number[];
    strings: string[];
  };
  const { meta } = heap.snapshot;
  const field = (node: number, name: string): number => heap.nodes[node + meta.node_fields.indexOf(name)] ?? 0;
  const edgeSize = meta.edge_fields.length;
  const countAt = meta.node_fields.indexOf("edge_count");
  const nodeSize = meta.node_fields.length;
  const firstEdge = new Uint32Array(heap.nodes.length / nodeSize);
  for (let node = 0, edge = 0; node < heap.nodes.length; node += nodeSize) {
    firstEdge[node / nodeSize] = edge;
    edge += (heap.nodes[node + countAt] ?? 0) * edgeSize;
  }
  const nameOf = (node: number): string => heap.strings[field(node, "name")] ?? "";
  const scriptOf = new Map<number, number>();
  for (let at = 0; at < heap.locations.length; at += meta.location_fields.length) {
    const node = heap.locations[at] ?? 0;
    if (/^(?:Async)?Generator$/.test(nameOf(node))) scriptOf.set(node, heap.locations[at + 1] ?? -1);
  }
  const edgesOf: HeapIndex["edgesOf"] = (node) =>
    Array.from({ length: Math.min(field(node, "edge_count"), 64) }, (_, index) => {
      const at = (firstEdge[node / nodeSize] ?? 0) + index * edgeSize;
      const type = meta.edge_types[0][heap.edges[at] ?? 0];
      const numbered = type === "element" || type === "hidden";
      const name = numbered ? "" : (heap.strings[heap.edges[at + 1] ?? 0] ?? "");
      return { name, to: heap.edges[at + 2] ?? 0 };
    });
  return { nameOf, idOf: (node) => field(node, "id"), edgesOf, scriptOf };
}

/** JSON: `{ suspended }` of the scripts that count as the agent's own, or `{ why }` there is none. */
export async function searchHeap(
  index: (snapshotText: string) => HeapIndex,
  ownScripts: readonly number[],
  heapLimit: number,
): Promise<string> {
  const used = process.memoryUsage().heapUsed;
  if (used > heapLimit)
    return JSON.stringify({ why: `its heap of ${Math.round(used / 2 ** 20)} MiB is too large to be searched in time` });
  // Absent before Node 20.13, whatever the types say.
  const available = (process.availableMemory as (() => number) | undefined)?.() ?? Infinity;
  if (available < used * 8) return JSON.stringify({ why: "too little memory is free to search its heap" });
  const v8 = (process.getBuiltinModule as ((name: "v8") => typeof V8) | undefined)?.("v8");
  if (!v8) return JSON.stringify({ why: "this version of Node cannot search its own heap" });
  let text = "";
  for await (const chunk of v8.getHeapSnapshot()) text += String(chunk);
  const { nameOf, idOf, edgesOf, scriptOf } = index(text);
  const own = new Set(ownScripts);
  const isOwn = (node: number): boolean => own.has(scriptOf.get(node) ?? -1);
  const follows = (node: number, name: string, to: number): boolean => {
    const [kind, target] = [nameOf(node), nameOf(to)];
    if (scriptOf.has(node)) return target === "Promise" || target.includes("AsyncGeneratorRequest");
    if (kind === "Promise") return name === "reactions_or_result" && target.includes("PromiseReaction");
    if (kind.includes("PromiseReaction") || kind.includes("AsyncGeneratorRequest")) return true;
    return name === "context" || name === "extension";
  };
  // From a function to its promise, to what is to happen when that resolves, to the function that then goes on. Functions
  // of Node itself are passed through.
  const awaiterOf = (from: number): number | null => {
    const seen = new Set([from]);
    for (const node of seen) {
      for (const { name, to } of edgesOf(node)) {
        if (seen.has(to) || !follows(node, name, to)) continue;
        if (isOwn(to)) return to;
        if (seen.size < 400) seen.add(to);
      }
    }
    return null;
  };
  const nameOfFunction = (node: number): string => {
    const closure = edgesOf(node).find(({ name }) => name === "function");
    return closure ? nameOf(closure.to) : "";
  };
  const suspended = [...scriptOf.keys()]
    .filter(isOwn)
    .slice(0, 500)
    .map((node) => ({ node, awaiter: awaiterOf(node) }))
    // A generator that nobody waits for stands between two values.
    .filter(({ node, awaiter }) => nameOf(node) !== "AsyncGenerator" || awaiter !== null)
    .map(({ node, awaiter }) => ({
      id: idOf(node),
      name: nameOfFunction(node),
      awaitedBy: awaiter === null ? null : idOf(awaiter),
    }));
  return JSON.stringify({ suspended });
}
