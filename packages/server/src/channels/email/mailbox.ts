import { domainToASCII } from "node:url";
import { oneLine } from "../../message-text.ts";

/** A person's or a program's place for mail: "Midwatch <alerts@example.org>". */
export interface Mailbox {
  /** Empty when only the address was given. */
  readonly name: string;
  /** The domain as the wire has it, in ASCII. */
  readonly address: string;
}

/** The longest address there can be (RFC 5321, 4.5.3.1.3). */
const maxAddressLength = 254;

/** Reads `ada@example.org` or `Ada <ada@example.org>`; null for what is neither. */
export function parseMailbox(text: string): Mailbox | null {
  // Checked before anything else: a line break in here would be a line of its own in the mail's head.
  if (oneLine(text) !== text.trim()) return null;
  const [, quoted, plain, address = text.trim()] = /^\s*(?:"([^"\\]*)"|([^<>"]*?))\s*<([^<>]*)>\s*$/.exec(text) ?? [];
  const [, local, domain] = /^([^\s@<>()[\]\\,;:"]+)@([\p{L}\p{N}.-]+)$/u.exec(address) ?? [];
  if (local === undefined || domain === undefined) return null;
  const ascii = domainToASCII(domain);
  const whole = `${local}@${ascii}`;
  return ascii === "" || whole.length > maxAddressLength ? null : { name: quoted ?? plain ?? "", address: whole };
}

export function domainOf({ address }: Mailbox): string {
  return address.slice(address.lastIndexOf("@") + 1);
}
