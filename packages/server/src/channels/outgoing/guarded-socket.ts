import { lookup as systemLookup } from "node:dns";
import { once } from "node:events";
import { connect, isIP, type LookupFunction, type Socket } from "node:net";
import { allowedOnly, refusal } from "./guarded-lookup.ts";
import { mayReach, type AllowPrivate } from "./public-address.ts";

export interface GuardedTarget {
  readonly host: string;
  readonly port: number;
  readonly allowPrivate: AllowPrivate;
  readonly lookup: LookupFunction | undefined;
  readonly signal: AbortSignal;
}

/**
 * Connects for protocols that are not HTTP, by the same rule as `guardedConnector`: the name is looked up once, and the address
 * that was judged is the one that is used.
 */
export async function connectGuarded({ host, port, allowPrivate, lookup, signal }: GuardedTarget): Promise<Socket> {
  if (isIP(host) !== 0 && !mayReach(host, allowPrivate)) throw refusal(host);
  const resolve = lookup ?? systemLookup;
  const socket = connect({
    host,
    port,
    lookup: allowPrivate === true ? resolve : allowedOnly(resolve, allowPrivate),
  });
  try {
    await once(socket, "connect", { signal });
    return socket;
  } catch (error) {
    socket.destroy();
    throw error;
  }
}
