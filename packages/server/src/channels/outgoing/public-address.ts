import ipaddr from "ipaddr.js";

/*
 * Which addresses a notification may be sent to. Whoever can write the configuration, or move a name in someone's DNS, must
 * not be able to make Midwatch talk to the cloud's metadata service, a router or a database beside it. So everything
 * that is not plainly part of the public internet is refused, instead of listing what is private: a range forgotten
 * in a list is a hole, a range forgotten here is one line in a config (`allow_private: [10.0.0.0/8]`).
 */

/** `true`: any address. Else the public internet, and the ranges that are listed, such as "10.0.0.0/8" or "fd00::/8". */
export type AllowPrivate = boolean | readonly string[];

export function mayReach(address: string, allowed: AllowPrivate): boolean {
  if (allowed === true || isPublicAddress(address)) return true;
  if (allowed === false || !ipaddr.isValid(address)) return false;
  // ::ffff:10.0.0.1 is 10.0.0.1 to the system that connects.
  const parsed = ipaddr.process(address);
  return allowed.some((range) => {
    const [network, bits] = ipaddr.parseCIDR(range);
    return network.kind() === parsed.kind() && parsed.match([network, bits] as [ipaddr.IPv4, number]);
  });
}

/** True for an address on the public internet. Mapped, tunnelled, shared (100.64/10), local and reserved ones are not. */
export function isPublicAddress(address: string): boolean {
  if (!ipaddr.isValid(address)) return false;
  const parsed = ipaddr.parse(address);
  if (parsed instanceof ipaddr.IPv4) return parsed.range() === "unicast";
  // Only 2000::/3 is given out to the internet at all; the rest of "unicast" is space nobody has been given.
  const first = parsed.parts[0] ?? 0;
  return parsed.range() === "unicast" && first >= 0x2000 && first < 0x4000;
}

/** Kinds of networks that end before the internet begins; 100.64/10 is where private overlay networks live. */
const nearRanges: ReadonlySet<string> = new Set(["loopback", "private", "linkLocal", "uniqueLocal", "carrierGradeNat"]);

/** True for this machine and private networks; what is neither this nor public is false in both. */
export function isNearAddress(address: string): boolean {
  return ipaddr.isValid(address) && nearRanges.has(ipaddr.process(address).range());
}

/** True when a host, as written in a URL, names this machine or a private network without any look-up. */
export function isPrivateHost(hostname: string): boolean {
  const host = hostname
    .replace(/^\[|\]$/g, "")
    .replace(/\.$/, "")
    .toLowerCase();
  if (ipaddr.isValid(host)) return !isPublicAddress(host);
  return host === "localhost" || host.endsWith(".localhost");
}
