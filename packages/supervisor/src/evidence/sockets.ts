// Which connections a process holds. /proc/PID/fd names sockets by number only ("socket:[1889277]"); the tables in
// /proc/PID/net say what each number is. They belong to the process's own network, so a container's are right too.

import { endianness } from "node:os";
import { readSystemFile } from "./proc-file.ts";

export interface Socket {
  readonly inode: string;
  readonly kind: "TCP" | "UDP" | "unix";
  /** `address:port`, or the path of a unix socket ("" when it has none). */
  readonly local: string;
  readonly localPort: number | null;
  /** Null while it listens, or when the table does not tell. */
  readonly remote: string | null;
  readonly state: SocketState;
  /** Bytes that arrived and nobody read; bytes that the other side has not taken. */
  readonly unread: number;
  readonly unsent: number;
}

export type SocketState = "established" | "listening" | "connecting" | "closed by the other side" | "closing" | "open";

/** Large hosts have long tables; a process's own sockets are searched in this much of them. */
const tableLimit = 4 * 1024 * 1024;

/** Every socket in the network of this process, by its number. */
export async function readSockets(pid: number): Promise<ReadonlyMap<string, Socket>> {
  const table = (name: string): Promise<string | null> => readSystemFile(`/proc/${pid}/net/${name}`, tableLimit);
  const [tcp, tcp6, udp, udp6, unix] = await Promise.all(["tcp", "tcp6", "udp", "udp6", "unix"].map(table));
  const all = [
    ...parseInternetTable("TCP", tcp ?? ""),
    ...parseInternetTable("TCP", tcp6 ?? ""),
    ...parseInternetTable("UDP", udp ?? ""),
    ...parseInternetTable("UDP", udp6 ?? ""),
    ...parseUnixTable(unix ?? ""),
  ];
  return new Map(all.map((socket) => [socket.inode, socket]));
}

export function parseInternetTable(kind: "TCP" | "UDP", table: string): readonly Socket[] {
  return table.split("\n").flatMap((line) => {
    const [, local, remote, code, queues, , , , , inode] = line.trim().split(/\s+/);
    if (!local || !remote || !code || !queues || inode === undefined || !/^\d+$/.test(inode)) return [];
    const [unsent, unread] = queues.split(":").map((part) => parseInt(part, 16));
    const state = kind === "TCP" ? tcpState(code) : "open";
    const far = addressOf(remote);
    return [
      {
        inode,
        kind,
        local: addressOf(local).text,
        localPort: addressOf(local).port,
        remote: state === "listening" || far.port === 0 ? null : far.text,
        state,
        unread: state === "listening" ? 0 : (unread ?? 0),
        unsent: state === "listening" ? 0 : (unsent ?? 0),
      },
    ];
  });
}

function tcpState(code: string): SocketState {
  switch (code) {
    case "01":
      return "established";
    case "02":
    case "03":
      return "connecting";
    case "08":
      return "closed by the other side";
    case "0A":
      return "listening";
    default:
      return "closing";
  }
}

/** `0100007F:B4B1` is 127.0.0.1:46257: each group of four bytes in the machine's own order, the port plain. */
function addressOf(text: string): { readonly text: string; readonly port: number } {
  const [address = "", portText = "0"] = text.split(":");
  const groups = (address.match(/.{8}/g) ?? []).map((group) => {
    const bytes = group.match(/../g) ?? [];
    return endianness() === "LE" ? bytes.toReversed() : bytes;
  });
  const port = parseInt(portText, 16);
  const bytes = groups.flat().map((byte) => parseInt(byte, 16));
  if (bytes.length === 4) return { text: `${bytes.join(".")}:${port}`, port };
  const mapped = bytes.slice(0, 10).every((byte) => byte === 0) && bytes[10] === 0xff && bytes[11] === 0xff;
  if (mapped) return { text: `${bytes.slice(12).join(".")}:${port}`, port };
  const words = Array.from({ length: 8 }, (_, i) =>
    (((bytes[2 * i] ?? 0) << 8) | (bytes[2 * i + 1] ?? 0)).toString(16),
  );
  return { text: `[${shortenZeros(words.join(":"))}]:${port}`, port };
}

/** The longest run of zero words becomes `::`, as addresses are usually written. */
function shortenZeros(address: string): string {
  const runs = address.match(/(?:\b0(?::|$)){2,}/g) ?? [];
  const longest = runs.toSorted((a, b) => b.length - a.length)[0];
  if (longest === undefined) return address;
  return address
    .replace(longest, address.startsWith(longest) || longest.endsWith(":") ? "::" : ":")
    .replace(":::", "::");
}

export function parseUnixTable(table: string): readonly Socket[] {
  return table.split("\n").flatMap((line) => {
    const [, , , flags, , state, inode, path = ""] = line.trim().split(/\s+/);
    if (inode === undefined || !/^\d+$/.test(inode)) return [];
    const listens = (parseInt(flags ?? "0", 16) & 0x10000) !== 0;
    const named: SocketState = listens ? "listening" : state === "03" ? "established" : "open";
    return [
      { inode, kind: "unix", local: path, localPort: null, remote: null, state: named, unread: 0, unsent: 0 } as const,
    ];
  });
}
