import { execFile } from "node:child_process";
import { promisify } from "node:util";
import { onLinux } from "../process/identity.ts";
import { listSystemFolder, readSystemLink } from "./proc-file.ts";
import { readSockets, type Socket } from "./sockets.ts";

export interface OpenFiles {
  readonly pid: number;
  readonly sockets: readonly Socket[];
  /** Paths, each once, in the order of their numbers. */
  readonly paths: readonly string[];
  /** How many of what has no path: pipes, event queues, … */
  readonly nameless: ReadonlyMap<string, number>;
}

const linkLimit = 2_000;
const lineLimit = 100;

/** What a process holds open; null when this user may not see it, or it is gone. */
export async function readOpenFiles(pid: number): Promise<OpenFiles | null> {
  if (!onLinux) return readByLsof(pid);
  const numbers = await listSystemFolder(`/proc/${pid}/fd`);
  if (numbers === null) return null;
  const read = numbers.slice(0, linkLimit).map((number) => readSystemLink(`/proc/${pid}/fd/${number}`));
  const links = (await Promise.all(read)).filter((link) => link !== null);
  const table = await readSockets(pid);
  const paths = new Set<string>();
  const sockets: Socket[] = [];
  const nameless = new Map<string, number>();
  for (const link of links) {
    const inode = /^socket:\[(\d+)\]$/.exec(link)?.[1];
    const socket = inode === undefined ? undefined : table.get(inode);
    if (socket) sockets.push(socket);
    else if (link.startsWith("/")) paths.add(link);
    else count(nameless, link.replace(/:\[\d+\]$/, "").replace(/^anon_inode:\[?([^\]]*)\]?$/, "$1"));
  }
  return { pid, sockets, paths: [...paths], nameless };
}

function count(counts: Map<string, number>, what: string): void {
  counts.set(what, (counts.get(what) ?? 0) + 1);
}

/** Elsewhere `lsof`, where it is installed; its lines are shown as they are. */
async function readByLsof(pid: number): Promise<OpenFiles | null> {
  try {
    const { stdout } = await promisify(execFile)("lsof", ["-n", "-P", "-p", String(pid)], {
      timeout: 3_000,
      maxBuffer: 2 ** 20,
    });
    return { pid, sockets: [], paths: stdout.trim().split("\n").slice(1), nameless: new Map() };
  } catch {
    // Not installed, not allowed, too slow: no list to be had.
    return null;
  }
}

/** At most 100 lines, connections first: what an agent waits for is mostly at the end of one. */
export function describeOpenFiles(all: readonly OpenFiles[]): string {
  const lines = all.flatMap(({ pid, sockets, paths, nameless }) => [
    `process ${pid}`,
    ...sockets.toSorted((a, b) => rank(a) - rank(b)).map((socket) => `  ${describeSocket(socket)}`),
    ...paths.map((path) => `  ${path}`),
    ...[...nameless].map(([what, times]) => `  ${what} ×${times}`),
  ]);
  if (lines.length === 0) return "no open files can be seen: the process is gone, or another user's";
  if (lines.length <= lineLimit) return lines.join("\n");
  return [...lines.slice(0, lineLimit - 1), `… and ${lines.length - lineLimit + 1} more lines`].join("\n");
}

function rank({ kind, state }: Socket): number {
  if (kind === "unix") return 3;
  return state === "listening" ? 2 : 1;
}

function describeSocket({ kind, local, remote, state, unread, unsent }: Socket): string {
  const queues = [unread > 0 ? `, ${unread} bytes unread` : "", unsent > 0 ? `, ${unsent} bytes not taken` : ""].join(
    "",
  );
  if (kind === "unix") return `unix socket${local === "" ? "" : ` ${local}`} (${state})`;
  return remote === null ? `${kind} ${local} (${state})` : `${kind} to ${remote} (${state}${queues}), from ${local}`;
}
