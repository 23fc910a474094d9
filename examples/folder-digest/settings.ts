import { statSync } from "node:fs";
import { join, relative, resolve } from "node:path";

export interface Settings {
  /** Folder whose text files are digested. */
  readonly inbox: string;
  /** Folder for summaries and state; made when it is missing. */
  readonly out: string;
  /** Pace of the loop, as a duration: "5s". */
  readonly every: string;
}

/** The settings, or what is wrong with them in words for the person who set them. */
export function readSettings(env: Readonly<Record<string, string | undefined>>): Settings | { readonly wrong: string } {
  const inbox = resolve(env["DIGEST_INBOX"] ?? join(import.meta.dirname, "inbox"));
  const out = resolve(env["DIGEST_OUT"] ?? join(".midwatch", "digest"));
  const every = env["DIGEST_EVERY"] ?? "5s";
  if (statSync(inbox, { throwIfNoEntry: false })?.isDirectory() !== true) {
    return { wrong: `DIGEST_INBOX: ${inbox} is not a folder; name one that holds text files` };
  }
  // Summaries of summaries of summaries: a loop that no detector should have to find.
  if (relative(inbox, out) === "") {
    return { wrong: `DIGEST_OUT is the inbox itself (${inbox}); name another folder, or leave it out` };
  }
  if (!/^\d+(ms|s|m|h)$/.test(every)) {
    return { wrong: `DIGEST_EVERY: "${every}" is not a duration; write it like 5s` };
  }
  return { inbox, out, every };
}
