import { reachableHost } from "@midwatch/protocol";
import type { SupervisorOptions } from "@midwatch/supervisor";
import type { Config } from "./config/config.ts";
import { localKey, serverAddress } from "./data-folder.ts";
import { CommandFailure } from "./failure.ts";
import { checkedUrl } from "./target.ts";

/** The server that was named, else the one that the file describes; `configNow` tells what that says after a reload. */
export function supervisedServer(
  configNow: () => Config,
  named: { server?: string; key?: string },
): NonNullable<SupervisorOptions["server"]> {
  const { dataDir } = configNow().server;
  const fixed = named.server === undefined ? null : checkedUrl(named.server);
  const url = (): string => fixed ?? ownServerUrl(configNow());
  const key = named.key ?? localKey(dataDir, "ingest");
  if (key !== null) return { url, key };
  throw new CommandFailure(
    78,
    `There is no key for ${url()} in ${dataDir}. Start the server first (\`midwatch server\` or \`midwatch up\`), or give one with --key KEY.`,
  );
}

/** Port 0 lets the system choose at each start; then only the server itself knows where it listens. */
function ownServerUrl({ server: { host, port, dataDir } }: Config): string {
  const chosen = port === 0 ? serverAddress(dataDir)?.url : undefined;
  return chosen ?? `http://${reachableHost(host)}:${port}`;
}
