import { isLoopbackName, reachableHost } from "@midwatch/protocol";
import type { SupervisorOptions } from "@midwatch/supervisor";
import type { Target } from "./client.ts";
import type { Config, KeptAgent } from "./config/config.ts";
import { localKey, meterAddress, serverAddress } from "./data-folder.ts";
import { meterVariables, type MeterPlace } from "./meter-variables.ts";
import { telemetryVariables } from "./telemetry-variables.ts";

/** What is put into the environment of each agent's process at its start: where to report, and where its calls are metered. */
export function agentEnvironment(about: {
  readonly configNow: () => Config;
  readonly agentsNow: () => readonly Pick<KeptAgent, "name" | "telemetry" | "meter">[];
  /** Null when none is known. */
  readonly serverNow: () => Target | null;
}): NonNullable<SupervisorOptions["environmentFor"]> {
  return (name, given) => {
    const agent = about.agentsNow().find((one) => one.name === name);
    if (agent === undefined) return { variables: {}, remarks: [] };
    const server = agent.telemetry ? about.serverNow() : null;
    const telemetry = server === null ? {} : telemetryVariables(given, { ...server, agent: name });
    if (agent.meter.length === 0) return { variables: telemetry, remarks: [] };
    const place = meterPlace(about.configNow());
    if (place === null) return { variables: telemetry, remarks: [noMeter] };
    const { variables, remarks } = meterVariables(given, { agent: name, providers: agent.meter, place });
    return { variables: { ...telemetry, ...variables }, remarks };
  };
}

const noMeter =
  "its calls are not metered: no meter is known here. Add a meter: section to midwatch.yaml and start `midwatch up`, or run `midwatch meter` with the same data folder";

/** Where the meter of this data folder is, or will be. */
function meterPlace({ meter, server: { dataDir } }: Config): MeterPlace | null {
  const saved = meterAddress(dataDir);
  const isFixed = meter !== null && meter.port !== 0;
  const url = isFixed ? `http://${reachableHost(meter.host)}:${meter.port}` : saved?.url;
  if (url === undefined) return null;
  const isOpen = isFixed ? !isLoopbackName(meter.host) : saved?.needsKey === true;
  return { url, key: isOpen ? localKey(dataDir, "ingest") : null };
}

/** The server that was named, else the one that is known to run with this data folder. */
export function knownServer(
  config: Config,
  named: { readonly url: string | null; readonly key: string | null },
): Target | null {
  const { dataDir, host, port } = config.server;
  const own = port === 0 ? serverAddress(dataDir)?.url : `http://${reachableHost(host)}:${port}`;
  const url = named.url ?? own;
  const key = named.key ?? localKey(dataDir, "ingest");
  return url === undefined || key === null ? null : { url, key };
}
