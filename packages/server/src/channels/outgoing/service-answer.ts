import { oneLine } from "../../message-text.ts";
import type { SendOutcome } from "../channel.ts";
import type { Answer } from "./post.ts";

/*
 * What channels have in common when they read a service's answer: each knows its own fields, and all quote and doubt alike.
 */

/** One try, judged by its status alone, and the answer that says more; undefined when nothing answered. */
export interface Tried {
  readonly host: string;
  readonly outcome: SendOutcome;
  readonly answer: Answer | undefined;
}

/** Something in between answered in the service's place, such as a proxy or a sign-in page, which may pass. */
export function answeredUnlike(service: string, host: string, { status, said }: Answer): SendOutcome {
  const error = `${host} answered ${status}, but not as ${service} does: ${said || "nothing"}`;
  return { sent: false, retry: true, error };
}

/** A service's own words for a person: on one line, without the keys that it may repeat, at most `most` characters. */
export function quote(words: string, secrets: readonly string[], most: number): string {
  // Before they are cut, so that no half of a key stays.
  return oneLine(withoutSecrets(words, secrets)).slice(0, most);
}

export function withoutSecrets(text: string, secrets: readonly string[]): string {
  return secrets.reduce((clean, secret) => clean.replaceAll(secret, "…"), text);
}
