import { statSync } from "node:fs";
import { join } from "node:path";
import { isLoopbackName } from "@midwatch/protocol";
import { check } from "../check.ts";
import { readSmallFile } from "../probes/small-file.ts";
import { bad, worthKnowing, type Remark } from "../remark.ts";
import type { World } from "../world.ts";

export interface DoorFacts {
  /** Files that hold what nobody else may read, and their modes. */
  readonly secrets: readonly { readonly path: string; readonly what: string; readonly mode: number }[];
  /** Where the server listens. */
  readonly host: string;
}

export const keysAndDoors = check<DoorFacts>({ name: "keys", probe, judge: judgeDoors });

export function judgeDoors({ secrets, host }: DoorFacts): readonly Remark[] {
  const remarks = secrets
    .filter(({ mode }) => (mode & 0o077) !== 0)
    .map(({ path, what, mode }) =>
      bad({
        title: `others can read ${what}`,
        why: `${path} has the mode ${mode.toString(8).padStart(4, "0")}: every user of this machine ${(mode & 0o007) === 0 ? "in its group " : ""}can act with it.`,
        fix: `  chmod 600 ${path}\nIf strangers have accounts here, make a new one as well: \`midwatch key list\`, \`midwatch key revoke\`.`,
      }),
    );
  if (isLoopbackName(host)) return remarks;
  return [
    ...remarks,
    worthKnowing({
      title: `the server can be reached from other machines (${host})`,
      why: "Midwatch does not encrypt. Without TLS in front, keys and all that agents report can be read on the way.",
      fix: "Put a proxy with TLS before it (Caddy: `reverse_proxy 127.0.0.1:4004`) and set `server.listen: 127.0.0.1:4004`. If a private network such as WireGuard does this already, all is well.",
    }),
  ];
}

function probe({ config }: World): DoorFacts {
  const { dataDir, host } = config.server;
  const keys = [
    { path: join(dataDir, "admin.key"), what: "the admin key" },
    { path: join(dataDir, "ingest.key"), what: "the ingest key" },
    { path: join(dataDir, "midwatch.db"), what: "the database" },
  ];
  const { file } = config;
  const own =
    file !== null && holdsSecret(file, config.channels) ? [{ path: file, what: "the secrets of channels" }] : [];
  const secrets = [...keys, ...own].flatMap(({ path, what }) => {
    const stats = statSync(path, { throwIfNoEntry: false });
    return stats === undefined ? [] : [{ path, what, mode: stats.mode & 0o777 }];
  });
  return { secrets, host };
}

/** A secret that stands in the file itself; one from the environment is not in its text. */
function holdsSecret(file: string, channels: World["config"]["channels"]): boolean {
  const text = readSmallFile(file) ?? "";
  return Object.values(channels)
    .flatMap((settings) => [
      settings["secret"],
      settings["token"],
      settings["type"] === "slack" ? settings["url"] : null,
    ])
    .some((value) => typeof value === "string" && value !== "" && text.includes(value));
}
