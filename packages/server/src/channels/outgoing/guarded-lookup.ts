import { isIP, type LookupFunction } from "node:net";
import type { LookupAddress } from "node:dns";
import { mayReach, type AllowPrivate } from "./public-address.ts";

/** The name led to no public address, and the channel may not go anywhere else. */
export class PrivateAddressError extends Error {
  override readonly name = "PrivateAddressError";
  readonly code = "private_address";
  readonly retryable = false;
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

export function refusal(hostname: string): PrivateAddressError {
  return new PrivateAddressError(`${hostname} leads to a private address`);
}

/** What a person is told of it, and the way out. */
export function privateAddressWords(host: string): string {
  return `${host} leads to this machine or a private network. If that is meant, add "allow_private: true" to this channel`;
}
