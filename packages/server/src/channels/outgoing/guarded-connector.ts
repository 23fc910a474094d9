import { lookup as systemLookup, type LookupAddress } from "node:dns";
import { isIP, type LookupFunction } from "node:net";
import { buildConnector } from "undici";
import type { DurationMs } from "@midwatch/core";
import { mayReach, type AllowPrivate } from "./public-address.ts";

/** The name led to no public address, and the channel may not go anywhere else. */
export class PrivateAddressError extends Error {
  override readonly name = "PrivateAddressError";
  readonly code = "private_address";
  readonly retryable = false;
}

/**
 * A connector that looks at the address it is about to connect to, not at the name in the URL. The check sits inside name
 * resolution, so the address judged is the address used: a name that answers publicly at first and privately a moment
 * later (DNS rebinding) finds no gap between the two. Addresses written out need no resolution and are judged as they are.
 */
export function guardedConnector(options: {
  readonly allowPrivate: AllowPrivate;
  readonly timeoutMs: DurationMs;
  readonly lookup: LookupFunction | undefined;
}): buildConnector.connector {
  const lookup = options.lookup ?? systemLookup;
  const connect = buildConnector({
    timeout: options.timeoutMs,
    lookup: options.allowPrivate === true ? lookup : allowedOnly(lookup, options.allowPrivate),
  });
  if (options.allowPrivate === true) return connect;
  return (target, callback) => {
    if (isIP(target.hostname) !== 0 && !mayReach(target.hostname, options.allowPrivate))
      callback(refusal(target.hostname), null);
    else connect(target, callback);
  };
}

/** Resolves names, leaving out every address that may not be reached. */
export function allowedOnly(lookup: LookupFunction, allowPrivate: AllowPrivate): LookupFunction {
  return (hostname, options, callback) => {
    lookup(hostname, { ...options, all: true }, (error, found) => {
      if (error !== null) return callback(error, found);
      const addresses: readonly LookupAddress[] =
        typeof found === "string" ? [{ address: found, family: isIP(found) }] : found;
      const open = addresses.filter(({ address }) => mayReach(address, allowPrivate));
      const first = open[0];
      if (first === undefined) return callback(refusal(hostname), []);
      if (options.all === true) return callback(null, open);
      callback(null, first.address, first.family);
    });
  };
}

function refusal(hostname: string): PrivateAddressError {
  return new PrivateAddressError(`${hostname} leads to a private address`);
}
