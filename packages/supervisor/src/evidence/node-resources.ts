/** What an idle Node process tells about itself. */
export interface Resources {
  /** What keeps its event loop alive, by type, as `process.getActiveResourcesInfo()` names it. */
  readonly active: readonly string[];
  /** Requests without an answer yet, `POST https://host/path`; without their query, which may hold keys. */
  readonly requests: readonly string[];
  /** Until its next timer; null when it has none. */
  readonly nextTimerMs: number | null;
  readonly heapBytes: number;
  readonly uptimeS: number;
}

/** Runs in the agent; its value is JSON of `Resources`. */
export const resourcesExpression = `(${look.toString()})()`;

/**
 * May use nothing of this file. Which request a socket serves is told by no interface; it is read from the fields of
 * Node's own client (`_httpMessage`) and of undici, which `fetch` is made of (symbols `parser`, `queue`). Where those are named
 * otherwise, requests are missing, and nothing else happens.
 */
function look(): string {
  type Loose = Record<PropertyKey, unknown>;
  const asObject = (value: unknown): Loose | null =>
    typeof value === "object" && value !== null ? (value as Loose) : null;
  const bySymbol = (owner: Loose | null, description: string): Loose | null => {
    if (!owner) return null;
    const symbol = Object.getOwnPropertySymbols(owner).find((one) => one.description === description);
    return symbol ? asObject(owner[symbol]) : null;
  };
  const requests = new Set<string>();
  const add = (method: unknown, origin: unknown, path: unknown): void => {
    if (typeof path === "string") requests.add(`${String(method)} ${String(origin)}${path.split("?")[0] ?? ""}`);
  };
  try {
    const handles = (process as unknown as { _getActiveHandles(): unknown[] })._getActiveHandles();
    for (const handle of handles.slice(0, 200).map(asObject)) {
      const message = asObject(handle?.["_httpMessage"]);
      if (message && typeof message["getHeader"] === "function") {
        const host: unknown = (message as { getHeader(name: string): unknown }).getHeader("host");
        add(message["method"], `${String(message["protocol"])}//${String(host)}`, message["path"]);
      }
      const queue = bySymbol(asObject(bySymbol(handle, "parser")?.["client"]), "queue");
      if (!Array.isArray(queue)) continue;
      for (const request of queue.slice(0, 20).map(asObject))
        add(request?.["method"], request?.["origin"], request?.["path"]);
    }
  } catch {
    // Other names in this version of Node: the sockets still show among the open files.
  }
  let nextTimerMs: number | null = null;
  // Without the network a report asks no name server; a Node that cannot leave it out is not asked.
  if ("excludeNetwork" in process.report) {
    const before = process.report.excludeNetwork;
    process.report.excludeNetwork = true;
    const report = process.report.getReport() as unknown as {
      libuv?: { type: string; is_active?: boolean; firesInMsFromNow?: number }[];
    };
    process.report.excludeNetwork = before;
    const timers = (report.libuv ?? []).filter(({ type, is_active }) => type === "timer" && is_active);
    const due = timers.map(({ firesInMsFromNow }) => firesInMsFromNow ?? Infinity);
    // The first is the one of JavaScript's timers; the loop has others of its own.
    nextTimerMs = process.getActiveResourcesInfo().includes("Timeout") && due.length > 0 ? Math.min(...due) : null;
  }
  return JSON.stringify({
    active: process.getActiveResourcesInfo(),
    requests: [...requests].slice(0, 20),
    nextTimerMs,
    heapBytes: process.memoryUsage().heapUsed,
    uptimeS: Math.round(process.uptime()),
  });
}

export function describeResources({ active, requests, nextTimerMs, heapBytes, uptimeS }: Resources): string {
  const counts = new Map<string, number>();
  for (const one of active) counts.set(one, (counts.get(one) ?? 0) + 1);
  const waits = [...counts].map(([what, times]) => `${what} ×${times}`).join(", ");
  return [
    `it waits for: ${waits === "" ? "nothing that could wake it" : waits}`,
    ...requests.map((request) => `request without an answer: ${request}`),
    ...(nextTimerMs === null ? [] : [`its next timer is due in ${nextTimerMs} ms`]),
    `heap ${Math.round(heapBytes / 2 ** 20)} MiB, up for ${uptimeS} s`,
  ].join("\n");
}
