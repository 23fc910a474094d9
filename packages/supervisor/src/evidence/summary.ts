// One line for a person at three in the morning: the most telling of everything that was found.

import type { Activity } from "./activity.ts";
import { shortFrame } from "./frame.ts";
import type { OpenFiles } from "./open-files.ts";
import type { StackTaken } from "./stack.ts";

export interface Found {
  /** The agent's own process first. */
  readonly activities: readonly Activity[];
  readonly stacks: ReadonlyMap<number, StackTaken>;
  readonly files: readonly OpenFiles[];
  /** `host:port` of Midwatch itself: a connection to it explains nothing. */
  readonly ownAddress: string | null;
  /** Where in the kernel a process waits, by pid; only those that tell. */
  readonly kernelWaits: ReadonlyMap<number, string>;
}

const connectionLimit = 3;

export function summarize(found: Found): string {
  const { activities } = found;
  if (activities.length === 0) return "none of its processes lives any more";
  const halted = activities.find(({ doing }) => doing === "halted");
  if (halted) return `halted by a signal (state ${halted.state}); nothing runs${who(found, halted)}`;
  const spinning = activities.filter(({ doing }) => doing === "spinning");
  const spinner = spinning.toSorted((a, b) => (b.percent ?? 0) - (a.percent ?? 0))[0];
  if (spinner) return describeSpinner(found, spinner);
  const stuck = activities.find(({ doing }) => doing === "in-kernel");
  if (stuck) {
    const where = found.kernelWaits.get(stuck.identity.pid);
    return `waits in the kernel (state ${stuck.state}${where === undefined ? "" : `, in ${where}`})${who(found, stuck)}`;
  }
  return describeWaiter(found);
}

/** Names the process when there are several. */
function who({ activities }: Found, { name, identity }: Activity): string {
  return activities.length === 1 ? "" : ` [${name}, process ${identity.pid}]`;
}

function describeSpinner(found: Found, spinner: Activity): string {
  const gotLess = (spinner.percent ?? 100) < 50;
  const share = `${spinner.percent} % of one processor${gotLess ? ", all that it could get" : ""}`;
  const stack = found.stacks.get(spinner.identity.pid);
  const worker = stack?.loop === "idle" ? stack.busyWorkerAt : null;
  if (worker) return `spins in ${shortFrame(worker)}, in a worker thread (${share})${who(found, spinner)}`;
  if (stack?.at && stack.loop !== "idle") return `spins in ${shortFrame(stack.at)} (${share})${who(found, spinner)}`;
  return `spins (${share}; where cannot be told)${who(found, spinner)}`;
}

function describeWaiter(found: Found): string {
  const { activities, stacks } = found;
  const told = activities.flatMap((activity) => {
    const stack = stacks.get(activity.identity.pid);
    return stack ? [{ activity, stack }] : [];
  });
  // A launcher such as npm is idle beside the agent itself: what knows its place tells more.
  const best = told.find(({ stack }) => stack.at !== null) ?? told[0];
  const open = describeConnections(found);
  if (!best) {
    const last = activities.at(-1);
    const where = last === undefined ? undefined : found.kernelWaits.get(last.identity.pid);
    const inKernel = where === undefined ? "" : ` in ${where}`;
    return `waits${inKernel}; where in its code cannot be told${open}${last ? who(found, last) : ""}`;
  }
  const { activity, stack } = best;
  const place = stack.at ? ` in ${shortFrame(stack.at)}` : "";
  const answer = stack.waitsFor[0];
  const request = answer === undefined ? "" : `; no answer yet to ${answer}`;
  switch (stack.loop) {
    case "idle":
      return `waits, idle${place}: its event loop has nothing to run${request}${open}${who(found, activity)}`;
    case "busy":
      return `is blocked${place}: its event loop does not turn, and it uses ${activity.percent} % of one processor${open}`;
    case "unknown":
      return `waits${place}${open}${who(found, activity)}`;
  }
}

function describeConnections({ files, ownAddress }: Found): string {
  const all = files
    .flatMap(({ sockets }) => sockets)
    .filter(({ kind, remote }) => kind === "TCP" && remote !== null && remote !== ownAddress)
    .map(({ remote, state }) => `TCP to ${remote} (${state})`);
  const each = [...new Set(all)];
  if (each.length === 0) return "";
  const more = each.length > connectionLimit ? ` and ${each.length - connectionLimit} more` : "";
  return `; open: ${each.slice(0, connectionLimit).join(", ")}${more}`;
}
