import { localKey, serverAddress } from "./data-folder.ts";
import type { Target } from "./client.ts";
import { CommandFailure } from "./failure.ts";

/** How a person may name a server; all of it optional on the machine where it runs. */
export interface TargetOptions {
  readonly server?: string;
  readonly key?: string;
  readonly data: string;
}

/** The server to talk to: the one that was named, else the one whose data folder lies here. */
export function targetOf({ server, key, data }: TargetOptions): Target {
  const url = server ?? serverAddress(data)?.url;
  if (url === undefined) {
    throw new CommandFailure(
      1,
      `No Midwatch server has run with the data folder ${data}. Start one with \`midwatch up\`, or name one with --server URL --key KEY, or its folder with --data DIR.`,
    );
  }
  const ownKey = key ?? localKey(data, "admin");
  if (ownKey === null) {
    throw new CommandFailure(
      1,
      `There is no key for ${url} in ${data}. Give one with --key KEY; \`midwatch key create --scope admin\` on the server's machine makes it.`,
    );
  }
  return { url: checkedUrl(url), key: ownKey };
}

/** A mistyped address is bad usage, and is said before anything is sent there. */
export function checkedUrl(text: string): string {
  const url = URL.parse(text);
  if (url?.protocol === "http:" || url?.protocol === "https:") return url.origin;
  throw new CommandFailure(2, `"${text}" is not a server's address; write it like http://127.0.0.1:4004`);
}
