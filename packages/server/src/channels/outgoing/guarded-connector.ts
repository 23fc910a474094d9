import { lookup as systemLookup } from "node:dns";
import { isIP, type LookupFunction } from "node:net";
import { buildConnector } from "undici";
import type { DurationMs } from "@midwatch/core";
import { allowedOnly, refusal } from "./guarded-lookup.ts";
import { mayReach, type AllowPrivate } from "./public-address.ts";

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
